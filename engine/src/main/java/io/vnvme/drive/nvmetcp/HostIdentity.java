package io.vnvme.drive.nvmetcp;

import java.util.UUID;

/** Who we are to targets: the host's NQN, which they allow or not, and the Host Identifier. */
public record HostIdentity(String nqn, UUID id) {
    /** The NQN that is made of a UUID (NVM Express Base 2.0, 4.5). */
    public static HostIdentity of(UUID id) {
        return new HostIdentity("nqn.2014-08.org.nvmexpress:uuid:" + id, id);
    }
}

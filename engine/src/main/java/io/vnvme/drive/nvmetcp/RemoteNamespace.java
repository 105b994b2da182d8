package io.vnvme.drive.nvmetcp;

import java.util.List;

/**
 * A namespace of a subsystem, and the ways to it.
 *
 * @param nqn of the subsystem
 * @param nsid namespace identifier
 * @param portals where its controllers are; at least one
 */
public record RemoteNamespace(
        String nqn, int nsid, List<Portal> portals, HostIdentity host, RemoteOptions options, RemoteTrust trust) {
    /** Each is two connections and some 20 MiB of addresses. */
    public static final int PORTALS_MAX = 8;

    /** One whose target demands no key. */
    public RemoteNamespace(String nqn, int nsid, List<Portal> portals, HostIdentity host, RemoteOptions options) {
        this(nqn, nsid, portals, host, options, RemoteTrust.NONE);
    }

    public RemoteNamespace {
        portals = List.copyOf(portals);
        if (portals.isEmpty() || portals.size() > PORTALS_MAX) {
            throw new IllegalArgumentException(
                    "%d paths: a remote drive has 1 to %d".formatted(portals.size(), PORTALS_MAX));
        }
    }
}

package io.vnvme.control.plane;

import io.vnvme.drive.nvmetcp.TargetKeys;
import java.util.List;
import java.util.UUID;

/**
 * Where a volume is mirrored to: a namespace that reads zeros, has the volume's size and block size, and is nobody else's.
 *
 * @param addresses HOST:PORT of the target's ports, 1 to 8
 * @param nqn of the subsystem
 * @param nsid namespace identifier
 * @param uuid of the namespace
 * @param keys how both show who they are; with one for TLS it is reached by TLS, and not at all otherwise
 */
public record MirrorTarget(List<String> addresses, String nqn, int nsid, UUID uuid, TargetKeys keys) {
    public MirrorTarget {
        addresses = List.copyOf(addresses);
    }
}

package io.vnvme.frontend.tcp;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A port at which hosts are accepted.
 *
 * @param id in Discovery log entries
 * @param address with the port that was bound, even if any was asked for
 * @param advertised the address that hosts are told to connect to; absent: the one itself or, where that is any of this host's,
 *     the one by which the host that asks has come
 */
public record ListeningPort(
        int id, InetSocketAddress address, @Nullable String advertised) {
    /** What a host that came to {@code local} is told. */
    String advertisedTo(InetSocketAddress local) {
        if (advertised != null) {
            return advertised;
        }
        boolean any = address.getAddress().isAnyLocalAddress();
        return (any ? local : address).getAddress().getHostAddress();
    }

    boolean ipv6To(InetSocketAddress local) {
        return advertisedTo(local).indexOf(':') >= 0;
    }
}

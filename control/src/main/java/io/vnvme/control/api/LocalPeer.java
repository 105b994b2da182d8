package io.vnvme.control.api;

import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.NioSocket;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.SocketChannel;
import jdk.net.ExtendedSocketOptions;

/**
 * Which user is at the other end of a Unix socket. The web server does not say, so its channel is taken from it (ADR 18);
 * where that does not work, the user is unknown, and let in all the same: the permissions of the socket decide, not this.
 */
final class LocalPeer {
    static final String UNKNOWN = "unknown";
    private static final Logger LOG = System.getLogger(LocalPeer.class.getName());

    private LocalPeer() {}

    static String userAt(HelidonSocket socket) {
        try {
            VarHandle channel = MethodHandles.privateLookupIn(NioSocket.class, MethodHandles.lookup())
                    .findVarHandle(NioSocket.class, "delegate", SocketChannel.class);
            return socket instanceof NioSocket nio
                    ? ((SocketChannel) channel.get(nio))
                            .getOption(ExtendedSocketOptions.SO_PEERCRED)
                            .user()
                            .getName()
                    : UNKNOWN;
        } catch (ReflectiveOperationException | IOException | UnsupportedOperationException e) {
            LOG.log(Level.DEBUG, "who is at the other end of a Unix socket is not known", e);
            return UNKNOWN;
        }
    }
}

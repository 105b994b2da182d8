package io.vnvme.control.api;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.NioSocket;
import io.helidon.webserver.spi.ServerConnection;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;

/**
 * A connection that tells its requests which user is at the other end of the Unix socket. The web server does not say, so
 * its channel is taken from it (ADR 18); where that does not work, the user is unknown, and let in all the same: the
 * permissions of the socket decide, not this.
 */
record LocalPeer(ServerConnection connection, String user) implements ServerConnection {
    private static final Logger LOG = System.getLogger(LocalPeer.class.getName());
    private static final String UNKNOWN = "unknown";
    private static final ScopedValue<String> USER = ScopedValue.newInstance();

    static LocalPeer of(ServerConnection connection, HelidonSocket socket) {
        return new LocalPeer(connection, userAt(socket));
    }

    /** The user who made the request that this thread works on. */
    static String current() {
        return USER.orElse(UNKNOWN);
    }

    private static String userAt(HelidonSocket socket) {
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

    @Override
    public void handle(Limit limit) throws InterruptedException {
        ScopedValue.where(USER, user).call(() -> {
            connection.handle(limit);
            return user;
        });
    }

    @Override
    public Duration idleTime() {
        return connection.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
        connection.close(interrupt);
    }
}

package io.vnvme.control.api;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;

/**
 * A connection that knows who is at its other end, where that can be known, and how long it has been waited for: a client that
 * sends its request by drops is cut off, so that it holds nothing for long.
 */
final class HttpConnection implements ServerConnection {
    private static final ScopedValue<HttpConnection> CURRENT = ScopedValue.newInstance();

    private final ServerConnection connection;
    private final String user;
    private final Connections all;
    private volatile boolean waiting = true;
    private volatile long sinceNs = System.nanoTime();

    /** @param user at the other end of a Unix socket */
    HttpConnection(ServerConnection connection, String user, Connections all) {
        this.connection = connection;
        this.user = user;
        this.all = all;
    }

    /** The user who made the request that this thread works on. */
    static String user() {
        return CURRENT.isBound() ? CURRENT.get().user : LocalPeer.UNKNOWN;
    }

    /** The request that this thread works on is here, with all of its body. */
    static void requestIsWhole() {
        if (CURRENT.isBound()) {
            CURRENT.get().waiting = false;
        }
    }

    /** The request that this thread works on has its answer. */
    static void isAnswered() {
        if (CURRENT.isBound()) {
            CURRENT.get().sinceNs = System.nanoTime();
            CURRENT.get().waiting = true;
        }
    }

    boolean late(Duration time) {
        return waiting && System.nanoTime() - sinceNs > time.toNanos();
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        try {
            ScopedValue.where(CURRENT, this).call(() -> {
                connection.handle(limit);
                return user;
            });
        } finally {
            all.ended(this);
        }
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

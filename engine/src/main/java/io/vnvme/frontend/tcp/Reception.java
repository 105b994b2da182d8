package io.vnvme.frontend.tcp;

import io.vnvme.os.Epoll;
import io.vnvme.os.NativeException;
import io.vnvme.os.TcpSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Watch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where connections are accepted, and stay until they have said what they want: on a reactor that owns no drive, so that whoever
 * comes only to say nothing is in nobody's way. The newest count: with too many, the one that has been silent for the longest goes.
 */
final class Reception implements Poller {
    private static final int NEWCOMERS_MAX = 512;
    /**
     * Connections that wait to be accepted. With more, the kernel leaves a newcomer's first segment unanswered, and that tries again
     * after a second: a crowd of silent ones would make all others wait.
     */
    private static final int BACKLOG = 1024;
    /** Accepted in one go. */
    private static final int BURST = 64;
    /** How long no one is accepted after the process ran out of descriptors. */
    private static final long PAUSE_NS = 100_000_000;

    private final TcpTarget target;
    private final Home home;
    private final Farewells farewells;
    /** The one that came first has the least time left. */
    private final ArrayDeque<Newcomer> newcomers = new ArrayDeque<>();

    private final List<Listener> listeners = new ArrayList<>();
    private long pausedUntilNs;
    private boolean paused;
    private boolean closed;

    private record Newcomer(Connection connection, long untilNs) {}

    private record Listener(ListeningPort port, TcpSocket socket, Watch watch) {}

    /** On the reactor of {@code home}. */
    Reception(TcpTarget target, Home home) {
        this.target = target;
        this.home = home;
        farewells = new Farewells(home);
        home.add(farewells);
        home.add(this);
    }

    Farewells farewells() {
        return farewells;
    }

    /** From any thread. @throws NativeException when nobody can be accepted there */
    static TcpSocket bind(ListeningPort port) {
        return TcpSocket.listen(port.address(), BACKLOG);
    }

    void listen(ListeningPort port, TcpSocket socket) {
        listeners.add(new Listener(port, socket, home.watch(socket.fd(), Epoll.IN, _ -> accept(port, socket))));
    }

    void unlisten(ListeningPort port) {
        listeners.removeIf(listener -> {
            if (listener.port().equals(port)) {
                listener.watch().close();
                listener.socket().close();
                return true;
            }
            return false;
        });
    }

    private void accept(ListeningPort port, TcpSocket listener) {
        try {
            for (int i = 0; i < BURST; i++) {
                TcpSocket socket = listener.accept();
                if (socket == null) {
                    return;
                }
                admit(port, socket);
            }
        } catch (NativeException e) {
            target.report(e);
            pause(true);
        }
    }

    private void admit(ListeningPort port, TcpSocket socket) {
        if (newcomers.size() == NEWCOMERS_MAX) {
            Newcomer longest = newcomers.remove();
            target.dropped(longest.connection().peer(), "too many connections that say nothing");
            longest.connection().close();
        }
        Connection connection = new Connection(target, socket, port, socket.peer());
        try {
            connection.watchAt(home);
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
        // Not the pass's reading of the clock: what wakes a reactor is looked at before its next one.
        newcomers.add(new Newcomer(connection, System.nanoTime() + Limits.HANDSHAKE_NS));
    }

    /** It has said what it wants, or is gone. */
    void forget(Connection connection) {
        newcomers.removeIf(newcomer -> newcomer.connection() == connection);
    }

    /** The listeners stay readable while nobody can be accepted: looking at them again at once would not help. */
    private void pause(boolean pausing) {
        paused = pausing;
        pausedUntilNs = System.nanoTime() + PAUSE_NS;
        listeners.forEach(listener -> listener.watch().events(pausing ? 0 : Epoll.IN));
    }

    @Override
    public int poll(long passNs) {
        int work = 0;
        if (paused && passNs - pausedUntilNs >= 0) {
            pause(false);
            work++;
        }
        for (@Nullable Newcomer first = newcomers.peek();
                first != null && passNs - first.untilNs() >= 0;
                first = newcomers.peek()) {
            newcomers.remove();
            target.dropped(first.connection().peer(), "it did not say in time what it wants");
            first.connection().close();
            work++;
        }
        return work;
    }

    @Override
    public long prepareSleep(long atNs) {
        Newcomer first = newcomers.peek();
        long limitNs = first == null ? UNLIMITED : Math.max(0, first.untilNs() - atNs);
        return paused ? Math.min(limitNs, Math.max(0, pausedUntilNs - atNs)) : limitNs;
    }

    int newcomerCount() {
        return newcomers.size();
    }

    boolean closed() {
        return closed;
    }

    void close() {
        closed = true;
        listeners.forEach(listener -> {
            listener.watch().close();
            listener.socket().close();
        });
        listeners.clear();
        newcomers.forEach(newcomer -> newcomer.connection().close());
        newcomers.clear();
        farewells.close();
        home.remove(farewells);
        home.remove(this);
    }
}

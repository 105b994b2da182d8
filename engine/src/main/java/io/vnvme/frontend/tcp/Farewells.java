package io.vnvme.frontend.tcp;

import io.vnvme.os.Epoll;
import io.vnvme.os.TcpSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Watch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Connections that are over, but whose peer has yet to read why: closed at once, with bytes of theirs unread, TCP would take
 * back what was sent last. They get some time to close their end.
 */
final class Farewells implements Poller {
    /** At once: more are closed without it. */
    private static final int COUNT_MAX = 256;

    private static final int READ_BYTES = 64 << 10;

    private final Home home;
    /** The one that came first ends first. */
    private final ArrayDeque<Farewell> all = new ArrayDeque<>();

    private final MemorySegment unread = Arena.ofAuto().allocate(READ_BYTES);

    private final class Farewell {
        private final TcpSocket socket;
        private final Watch watch;
        private final long untilNs = System.nanoTime() + Limits.FAREWELL_NS;

        Farewell(TcpSocket socket) {
            this.socket = socket;
            socket.endOutput();
            watch = home.watch(socket.fd(), Epoll.IN, _ -> read());
        }

        private void read() {
            if (socket.receive(unread, 0, READ_BYTES) == 0) {
                all.remove(this);
                close();
            }
        }

        void close() {
            watch.close();
            socket.close();
        }
    }

    Farewells(Home home) {
        this.home = home;
    }

    /** On the reception's reactor. */
    void add(TcpSocket socket) {
        if (all.size() == COUNT_MAX) {
            socket.close();
            return;
        }
        try {
            all.add(new Farewell(socket));
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public int poll(long passNs) {
        int ended = 0;
        for (@Nullable Farewell first = all.peek(); first != null && passNs - first.untilNs >= 0; first = all.peek()) {
            all.remove();
            first.close();
            ended++;
        }
        return ended;
    }

    @Override
    public long prepareSleep(long atNs) {
        Farewell first = all.peek();
        return first == null ? UNLIMITED : Math.max(0, first.untilNs - atNs);
    }

    void close() {
        all.forEach(Farewell::close);
        all.clear();
    }
}

package io.vnvme.bench.socket;

import io.vnvme.os.Errno;
import io.vnvme.os.NativeException;
import io.vnvme.os.TcpSocket;
import io.vnvme.os.uring.Entry;
import io.vnvme.os.uring.Uring;
import java.util.List;
import java.util.stream.Stream;

/**
 * Answers by an io_uring: one receive stands on each connection all the time, and all that a look leads to on all connections
 * goes to the kernel by one call. A look that finds nothing is no call.
 */
final class RingServer implements Server {
    // linux/io_uring.h
    private static final int SEND = 26;
    private static final int RECV = 27;
    /** In {@code ioprio}: do not try first, something has to come. */
    private static final int POLL_FIRST = 1 << 16;

    private static final int MSG_NOSIGNAL = 0x4000;
    /** All of it, before it completes. */
    private static final int MSG_WAITALL = 0x100;

    private static final int SENT = 1;

    private final Uring ring;
    private final Answers.Ready answers;
    private final List<Side> sides;
    private final int receive;
    private boolean ended;

    private static final class Side {
        private final Requests requests = new Requests();
        /** Requests that came while an answer was on its way: answers keep their order. */
        private int waiting;

        private boolean sending;
    }

    /** @param pollFirst whether a receive waits for what comes without a try before */
    RingServer(List<TcpSocket> connections, Answers.Ready answers, boolean pollFirst) {
        this.answers = answers;
        receive = pollFirst ? RECV | POLL_FIRST : RECV;
        sides = Stream.generate(Side::new).limit(connections.size()).toList();
        ring = Uring.open(2 * connections.size(), 4 * connections.size());
        ring.registrations().files(connections.size());
        for (int i = 0; i < connections.size(); i++) {
            ring.registrations().file(i, connections.get(i).fd());
            receive(i);
        }
    }

    private void receive(int index) {
        Requests requests = sides.get(index).requests;
        fill(receive, index, requests.address(), requests.room(), 0, 0);
    }

    private void fill(int opcode, int index, long address, int length, int flags, int kind) {
        long at = ring.claim();
        Entry.fill(ring.entries(), at, opcode, index, 0, address, length, flags, 0, (long) index << 1 | kind);
    }

    @Override
    public boolean look() {
        if (ring.work()) {
            int result = ring.enter(0);
            if (result < 0 && !Uring.transientError(-result)) {
                throw new NativeException("io_uring_enter", -result);
            }
        }
        int count = ring.ready();
        for (int i = 0; i < count; i++) {
            done((int) (ring.userData(i) >> 1), (ring.userData(i) & SENT) != 0, ring.result(i));
        }
        ring.consume(count);
        return !ended;
    }

    private void done(int index, boolean sent, int result) {
        Side side = sides.get(index);
        if (result == 0 || result == -Errno.ECONNRESET || result == -Errno.EPIPE) {
            ended = true;
            return;
        }
        if (result < 0) {
            throw new NativeException(sent ? "io_uring send" : "io_uring receive", -result);
        }
        if (sent) {
            side.sending = false;
        } else {
            side.waiting += side.requests.came(result);
            receive(index);
        }
        if (side.waiting > 0 && !side.sending) {
            int count = Math.min(side.waiting, Requests.COUNT_MAX);
            side.waiting -= count;
            side.sending = true;
            fill(SEND, index, answers.memory().address(), count * answers.bytes(), MSG_NOSIGNAL | MSG_WAITALL, SENT);
        }
    }

    @Override
    public void close() {
        ring.close();
    }
}

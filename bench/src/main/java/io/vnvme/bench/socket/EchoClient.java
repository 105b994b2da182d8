package io.vnvme.bench.socket;

import io.vnvme.os.SendQueue;
import io.vnvme.os.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.Stream;

/** Asks on several connections, so many requests always on their way on each, and counts what comes back; polls. */
final class EchoClient implements AutoCloseable {
    private static final int IN_BYTES = 4 << 20;

    private final MemorySegment in = Arena.ofAuto().allocate(IN_BYTES, 4096);
    private final MemorySegment requests;
    private final int answerBytes;
    private final int depth;
    private final List<Side> sides;

    private static final class Side {
        private final TcpSocket socket;
        private final SendQueue out;
        private long received;

        Side(TcpSocket socket, int depth) {
            this.socket = socket;
            out = new SendQueue(depth, command -> {});
        }
    }

    EchoClient(InetSocketAddress server, int connections, int depth, int answerBytes) {
        this.answerBytes = answerBytes;
        this.depth = depth;
        requests = Arena.ofAuto().allocate((long) depth * Requests.BYTES);
        sides = Stream.generate(() -> new Side(TcpSocket.connect(server), depth))
                .limit(connections)
                .toList();
        for (Side side : sides) {
            while (!side.socket.connected()) {
                Thread.onSpinWait();
            }
        }
    }

    /** Asks for as many as there may be on their way. */
    void begin() {
        for (Side side : sides) {
            ask(side, depth);
        }
    }

    /** @return answers a second, all connections together */
    double run(long lengthNs) {
        long answers = 0;
        long fromNs = System.nanoTime();
        long nowNs = fromNs;
        while (nowNs - fromNs < lengthNs) {
            for (int pass = 0; pass < 64; pass++) {
                for (int i = 0; i < sides.size(); i++) {
                    answers += turn(sides.get(i));
                }
            }
            nowNs = System.nanoTime();
        }
        return answers * 1e9 / (nowNs - fromNs);
    }

    private int turn(Side side) {
        int count = side.socket.receive(in, 0, IN_BYTES);
        if (count == 0) {
            throw new IllegalStateException("the server has ended");
        }
        int answers = 0;
        if (count > 0) {
            long before = side.received / answerBytes;
            side.received += count;
            answers = (int) (side.received / answerBytes - before);
        }
        if (answers > 0) {
            ask(side, answers);
        } else if (!side.out.isEmpty()) {
            send(side);
        }
        return answers;
    }

    private void ask(Side side, int count) {
        side.out.add(requests, 0, count * Requests.BYTES, SendQueue.NOBODY);
        send(side);
    }

    private static void send(Side side) {
        if (!side.out.flush(side.socket)) {
            throw new IllegalStateException("the server is gone");
        }
    }

    @Override
    public void close() {
        sides.forEach(side -> side.socket.close());
    }
}

package io.vnvme.bench.socket;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.report.Median;
import io.vnvme.bench.report.Ratio;
import io.vnvme.os.Cpu;
import io.vnvme.os.Mapping;
import io.vnvme.os.TcpSocket;
import io.vnvme.os.ZeroCopyStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * How sockets are best served: requests of a command capsule's size, answers of a read's, over the loopback, one processor for
 * each side. All ways take turns in each round, and are compared with the first within the round.
 */
public final class SocketsRun {
    private static final long WARM_UP_NS = 500_000_000L;
    private static final long RUN_NS = 500_000_000L;
    private static final long DRIVE_BYTES = 256 << 20;
    private static final int KIB = 1024;
    private static final List<Point> ASKED = List.of(
            new Point(1, 1, 4 * KIB),
            new Point(1, 64, 4 * KIB),
            new Point(1, 128, 4 * KIB),
            new Point(16, 1, 4 * KIB),
            new Point(16, 8, 4 * KIB));
    private static final List<Point> SENT = List.of(new Point(1, 64, 4 * KIB), new Point(1, 32, 128 * KIB));

    private final int rounds;
    private final int serverCpu;
    private final int clientCpu;
    private final PrintStream out;

    private record Point(int connections, int depth, int dataBytes) {
        int answerBytes() {
            return Answers.HEADER_BYTES + dataBytes;
        }

        String name() {
            return "%d KiB, depth %d%s"
                    .formatted(dataBytes / KIB, depth, connections == 1 ? "" : " on each of " + connections);
        }
    }

    private record Named(String name, Server.Way way) {}

    public SocketsRun(int rounds, int serverCpu, int clientCpu, PrintStream out) {
        this.rounds = rounds;
        this.serverCpu = serverCpu;
        this.clientCpu = clientCpu;
        this.out = out;
    }

    /** Measures and prints two tables: how the kernel is asked, and from where what is sent comes. */
    public void run() throws InterruptedException {
        table(ASKED, (point, tally) -> {
            Answers.Ready answers = new Answers.Ready(point.dataBytes());
            return List.of(
                    called("recv, sendmsg", socket -> Outgoing.of(socket, answers)),
                    new Named("io_uring", connections -> new RingServer(connections, answers, false)),
                    new Named("io_uring, poll first", connections -> new RingServer(connections, answers, true)));
        });
        try (Mapping drive = Mapping.anonymous(DRIVE_BYTES, true)) {
            drive.segment().fill((byte) 1);
            table(SENT, (point, tally) -> {
                int bytes = point.dataBytes();
                Answers.Places places = new Answers.Places(drive.segment(), bytes);
                Answers staged = new Answers.Staged(places, bytes);
                Answers straight = new Answers.Straight(places, bytes);
                Answers ready = new Answers.Ready(bytes);
                return List.of(
                        called("copied, sendmsg", socket -> Outgoing.of(socket, staged)),
                        called("sendmsg of the drive's memory", socket -> Outgoing.of(socket, straight)),
                        called(
                                "the same, MSG_ZEROCOPY",
                                socket -> Outgoing.of(new ZeroCopyStream(socket, tally), straight)),
                        called("the same bytes each time", socket -> Outgoing.of(socket, ready)));
            });
        }
    }

    private static Named called(String name, Function<TcpSocket, Outgoing> outgoing) {
        return new Named(name, connections -> new CallServer(connections, outgoing));
    }

    private void table(List<Point> points, BiFunction<Point, ZeroCopyTally, List<Named>> ways)
            throws InterruptedException {
        out.printf("%n| answers | way | a second | GiB/s | beside the first (least to most) |%n");
        out.println("| --- | --- | --- | --- | --- |");
        ZeroCopyTally tally = new ZeroCopyTally();
        for (Point point : points) {
            List<Named> all = ways.apply(point, tally);
            double[][] perSecond = new double[all.size()][rounds];
            for (int round = 0; round < rounds; round++) {
                for (int turn = 0; turn < all.size(); turn++) {
                    int way = (turn + round) % all.size();
                    perSecond[way][round] = measure(point, all.get(way).way());
                }
            }
            for (int way = 0; way < all.size(); way++) {
                print(point, all.get(way).name(), perSecond[way], perSecond[0]);
            }
        }
        if (tally.calls() > 0) {
            out.printf("%nMSG_ZEROCOPY: %d messages, of which the kernel copied %d%n", tally.calls(), tally.copied());
        }
    }

    private void print(Point point, String way, double[] perSecond, double[] first) {
        Ratio ratio = Ratio.of(perSecond, first);
        double median = Median.of(perSecond);
        out.printf(
                Locale.ROOT,
                "| %s | %s | %.0f k | %.2f | %.2f (%.2f to %.2f) |%n",
                point.name(),
                way,
                median / 1e3,
                median * point.answerBytes() / (1 << 30),
                ratio.median(),
                ratio.low(),
                ratio.high());
    }

    private double measure(Point point, Server.Way way) throws InterruptedException {
        try (TcpSocket port = TcpSocket.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64)) {
            FutureTask<Boolean> served = new FutureTask<>(() -> serve(port, point.connections(), way), true);
            Thread.ofPlatform().name("server").daemon().start(served);
            double perSecond = PinnedThread.call("client", clientCpu, () -> {
                try (EchoClient client =
                        new EchoClient(port.local(), point.connections(), point.depth(), point.answerBytes())) {
                    client.begin();
                    client.run(WARM_UP_NS);
                    return client.run(RUN_NS);
                }
            });
            served.get();
            return perSecond;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the server failed: " + e.getCause(), e.getCause());
        }
    }

    private void serve(TcpSocket port, int count, Server.Way way) {
        Cpu.pin(serverCpu);
        List<TcpSocket> connections = new ArrayList<>();
        try {
            while (connections.size() < count) {
                TcpSocket accepted = port.accept();
                if (accepted != null) {
                    connections.add(accepted);
                }
            }
            try (Server server = way.open(connections)) {
                while (server.look()) {
                    Thread.onSpinWait();
                }
            }
        } finally {
            connections.forEach(TcpSocket::close);
        }
    }
}

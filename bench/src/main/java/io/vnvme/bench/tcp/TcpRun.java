package io.vnvme.bench.tcp;

import com.sun.management.ThreadMXBean;
import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.report.Median;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.testkit.server.ServedTarget;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.HostQueue;
import io.vnvme.testkit.tcp.PolledQueue;
import io.vnvme.testkit.tcp.TcpHost;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Reads of a RAM drive over TCP on the loopback, one processor for each side, by turns with an echo of the same bytes. */
public final class TcpRun {
    private static final long DRIVE_BYTES = 256 << 20;
    private static final long WARM_UP_NS = 1_500_000_000L;
    private static final long RUN_NS = 1_000_000_000L;
    private static final int ENTRIES = 200;

    private static final List<Point> POINTS = List.of(
            new Point("4 KiB, depth 1", 4096, 1, false),
            new Point("4 KiB, depth 64", 4096, 64, false),
            new Point("4 KiB, depth 64, data digest", 4096, 64, true),
            new Point("4 KiB, depth 128", 4096, 128, false),
            new Point("128 KiB, depth 32", 128 << 10, 32, false));

    private final int rounds;
    private final int serverCpu;
    private final int clientCpu;
    private final PrintStream out;

    private record Point(String name, int bytes, int depth, boolean digests) {}

    private record Figure(double perSecond, double p50Us, double p99Us, double allocatedBytes) {}

    public TcpRun(int rounds, int serverCpu, int clientCpu, PrintStream out) {
        this.rounds = rounds;
        this.serverCpu = serverCpu;
        this.clientCpu = clientCpu;
        this.out = out;
    }

    /** Measures and prints a table: medians of the rounds. */
    public void run() throws InterruptedException {
        out.println(
                "| reads | target, a second | p50, p99 us | echo, a second | p50, p99 us | target / echo | bytes allocated a command |");
        out.println("| --- | --- | --- | --- | --- | --- | --- |");
        for (Point point : POINTS) {
            double[] target = new double[rounds];
            double[] echo = new double[rounds];
            double[] ratios = new double[rounds];
            double[] targetP50 = new double[rounds];
            double[] targetP99 = new double[rounds];
            double[] echoP50 = new double[rounds];
            double[] echoP99 = new double[rounds];
            double allocated = Double.MAX_VALUE;
            for (int round = 0; round < rounds; round++) {
                boolean echoFirst = round % 2 == 1;
                Figure before = echoFirst ? echo(point) : target(point);
                Figure after = echoFirst ? target(point) : echo(point);
                Figure ours = echoFirst ? after : before;
                Figure theirs = echoFirst ? before : after;
                target[round] = ours.perSecond();
                echo[round] = theirs.perSecond();
                ratios[round] = ours.perSecond() / theirs.perSecond();
                targetP50[round] = ours.p50Us();
                targetP99[round] = ours.p99Us();
                echoP50[round] = theirs.p50Us();
                echoP99[round] = theirs.p99Us();
                allocated = Math.min(allocated, ours.allocatedBytes());
            }
            out.printf(
                    "| %s | %.0f k | %.1f, %.0f | %.0f k | %.1f, %.0f | %.2f | %.2f |%n",
                    point.name(),
                    Median.of(target) / 1e3,
                    Median.of(targetP50),
                    Median.of(targetP99),
                    Median.of(echo) / 1e3,
                    Median.of(echoP50),
                    Median.of(echoP99),
                    Median.of(ratios),
                    allocated);
        }
    }

    private Figure target(Point point) throws InterruptedException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        HostOptions options = HostOptions.usual().digests(false, point.digests());
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES, IdlePolicy.ADAPTIVE, serverCpu)) {
            AtomicLong reactor = new AtomicLong();
            target.onReactor(() -> reactor.set(Thread.currentThread().threadId()));
            return PinnedThread.call("host", clientCpu, () -> {
                try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                        HostQueue queue = host.ioQueue(ENTRIES)) {
                    PolledQueue load = queue.polled(point.depth(), point.bytes(), false, DRIVE_BYTES);
                    load.run(WARM_UP_NS);
                    long before = threads.getThreadAllocatedBytes(reactor.get());
                    Figure figure = measure(load);
                    double commands = figure.perSecond() * RUN_NS / 1e9;
                    double bytes = threads.getThreadAllocatedBytes(reactor.get()) - before;
                    return new Figure(figure.perSecond(), figure.p50Us(), figure.p99Us(), bytes / commands);
                }
            });
        }
    }

    private Figure echo(Point point) throws InterruptedException {
        return PinnedThread.call("host", clientCpu, () -> {
            try (EchoServer server = new EchoServer(serverCpu, point.bytes());
                    HostQueue queue = HostQueue.greet(server.address(), HostOptions.usual())) {
                PolledQueue load = queue.polled(point.depth(), point.bytes(), false, DRIVE_BYTES);
                load.run(WARM_UP_NS);
                return measure(load);
            }
        });
    }

    private static Figure measure(PolledQueue load) throws IOException {
        load.forget();
        long fromNs = System.nanoTime();
        long commands = load.run(RUN_NS);
        return new Figure(commands * 1e9 / (System.nanoTime() - fromNs), load.latencyUs(0.5), load.latencyUs(0.99), 0);
    }
}

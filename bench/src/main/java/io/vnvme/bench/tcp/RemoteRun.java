package io.vnvme.bench.tcp;

import com.sun.management.ThreadMXBean;
import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.pool.BenchPool;
import io.vnvme.bench.report.Median;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.nvmetcp.HostIdentity;
import io.vnvme.drive.nvmetcp.Portal;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.pool.Pool;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.testkit.server.ServedTarget;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.HostQueue;
import io.vnvme.testkit.tcp.PolledQueue;
import io.vnvme.testkit.tcp.TcpHost;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A volume of a pool on a remote drive, whose target is on this machine, by turns with the target alone as a host of the
 * simplest kind uses it: one processor for each side.
 */
public final class RemoteRun {
    private static final long DRIVE_BYTES = 256 << 20;
    private static final long VOLUME_BYTES = 128 << 20;
    private static final int FILL_BYTES = 128 << 10;
    private static final long WARM_UP_NS = 1_500_000_000L;
    private static final long RUN_NS = 1_000_000_000L;
    private static final int ENTRIES = 200;

    private static final List<Point> POINTS = List.of(
            new Point("4 KiB read, depth 1", 4096, 1, false),
            new Point("4 KiB read, depth 64", 4096, 64, false),
            new Point("4 KiB write, depth 64", 4096, 64, true),
            new Point("64 KiB read, depth 32", 64 << 10, 32, false));

    private final int rounds;
    private final int serverCpu;
    private final int clientCpu;
    private final PrintStream out;

    private record Point(String name, int bytes, int depth, boolean writes) {}

    private record Figure(double perSecond, double p50Us, double allocatedBytes) {}

    public RemoteRun(int rounds, int serverCpu, int clientCpu, PrintStream out) {
        this.rounds = rounds;
        this.serverCpu = serverCpu;
        this.clientCpu = clientCpu;
        this.out = out;
    }

    /** Measures and prints a table: medians of the rounds. */
    public void run() throws InterruptedException {
        out.println(
                "| pool on a remote drive | target alone, a second | p50 us | pool, a second | p50 us | pool / target |"
                        + " bytes allocated a command |");
        out.println("| --- | --- | --- | --- | --- | --- | --- |");
        for (Point point : POINTS) {
            Figure[] alone = new Figure[rounds];
            Figure[] pool = new Figure[rounds];
            for (int round = 0; round < rounds; round++) {
                if (round % 2 == 1) {
                    pool[round] = pool(point);
                }
                alone[round] = alone(point);
                if (round % 2 == 0) {
                    pool[round] = pool(point);
                }
            }
            double[] ratios = new double[rounds];
            Arrays.setAll(ratios, i -> pool[i].perSecond() / alone[i].perSecond());
            out.printf(
                    "| %s | %.0f k | %.1f | %.0f k | %.1f | %.2f | %.2f |%n",
                    point.name(),
                    Median.of(Arrays.stream(alone)
                                    .mapToDouble(Figure::perSecond)
                                    .toArray())
                            / 1e3,
                    Median.of(Arrays.stream(alone).mapToDouble(Figure::p50Us).toArray()),
                    Median.of(Arrays.stream(pool).mapToDouble(Figure::perSecond).toArray()) / 1e3,
                    Median.of(Arrays.stream(pool).mapToDouble(Figure::p50Us).toArray()),
                    Median.of(ratios),
                    Arrays.stream(pool)
                            .mapToDouble(Figure::allocatedBytes)
                            .min()
                            .orElseThrow());
        }
    }

    private Figure alone(Point point) throws InterruptedException {
        HostOptions options = HostOptions.usual().sending(16 << 10, 1 << 20);
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES, IdlePolicy.ADAPTIVE, serverCpu)) {
            return PinnedThread.call("host", clientCpu, () -> {
                try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                        HostQueue queue = host.ioQueue(ENTRIES)) {
                    PolledQueue load = queue.polled(point.depth(), point.bytes(), point.writes(), VOLUME_BYTES);
                    load.run(WARM_UP_NS);
                    load.forget();
                    long fromNs = System.nanoTime();
                    long commands = load.run(RUN_NS);
                    return new Figure(perSecond(commands, fromNs), load.latencyUs(0.5), 0);
                }
            });
        }
    }

    private static double perSecond(long commands, long fromNs) {
        return commands * 1e9 / (System.nanoTime() - fromNs);
    }

    private Figure pool(Point point) throws InterruptedException {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES, IdlePolicy.ADAPTIVE, serverCpu)) {
            return PinnedThread.call("initiator", clientCpu, () -> pool(point, target.address()));
        }
    }

    private static Figure pool(Point point, InetSocketAddress address) {
        Portal portal = new Portal(address.getHostString(), address);
        RemoteNamespace namespace = new RemoteNamespace(
                ServedTarget.NQN, 1, List.of(portal), HostIdentity.of(new UUID(1, 1)), RemoteOptions.usual());
        try (RemoteDrive drive = RemoteDrive.open("remote", namespace, new RemoteHealth(), Duration.ofSeconds(10))) {
            AtomicBoolean done = new AtomicBoolean();
            Pool pool = BenchPool.open(BenchPool.format(drive), drive, failure -> done.set(true));
            await(pool, done);
            pool.operations().create(BenchPool.volume("v", VOLUME_BYTES), failure -> done.set(true));
            await(pool, done);
            BenchPool.AsDrive volume =
                    new BenchPool.AsDrive("v", pool.operations().volume("v"), pool);
            fill(volume);
            return measure(volume, point);
        }
    }

    private static void await(Pool pool, AtomicBoolean done) {
        while (!done.compareAndSet(true, false)) {
            pool.poll(System.nanoTime());
        }
    }

    private static void fill(BenchPool.AsDrive volume) {
        BlockingDrive blocking = new BlockingDrive(volume);
        MemorySegment data = Arena.ofAuto().allocate(FILL_BYTES, 4096);
        for (long at = 0; at < VOLUME_BYTES; at += FILL_BYTES) {
            blocking.write(at, data);
        }
    }

    private static Figure measure(BenchPool.AsDrive volume, Point point) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (DriveLoad load = new DriveLoad(volume, point.bytes(), point.depth(), point.writes())) {
            load.run(WARM_UP_NS);
            load.forget();
            long before = threads.getCurrentThreadAllocatedBytes();
            long fromNs = System.nanoTime();
            long commands = load.run(RUN_NS);
            double perSecond = perSecond(commands, fromNs);
            double allocated = threads.getCurrentThreadAllocatedBytes() - before;
            return new Figure(perSecond, load.latencyUs(0.5), allocated / commands);
        }
    }
}

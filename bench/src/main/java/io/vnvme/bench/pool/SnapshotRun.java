package io.vnvme.bench.pool;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.pool.PoolClient.Job;
import io.vnvme.bench.pool.PoolClient.Order;
import io.vnvme.bench.report.Median;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Snapshots and clones of a volume of a tebibyte that is fully mapped, under a guest's random writes. Windows in which one of
 * each is made come in turn with windows as long without.
 */
final class SnapshotRun {
    private static final long DRIVE_BYTES = (1L << 40) + (64L << 30);
    private static final int WARM_UP = 10;
    private static final int TIMES = 60;
    private static final long WINDOW_NS = 10_000_000;

    private final PoolProcess engine;
    private final AtomicLong worst = new AtomicLong();
    private final double[] snapshotMs = new double[TIMES];
    private final double[] cloneMs = new double[TIMES];
    private final double[] writeMs = new double[TIMES];
    private final double[] calmWriteMs = new double[TIMES];
    private final double[] passMs = new double[TIMES];
    private final double[] calmPassMs = new double[TIMES];

    private SnapshotRun(PoolProcess engine) {
        this.engine = engine;
    }

    /** @return lines for people */
    static String run(int serverCpu, int clientCpu, List<String> jvmOptions) throws IOException, InterruptedException {
        try (PoolProcess engine = new PoolProcess(serverCpu, "mapped", DRIVE_BYTES, jvmOptions)) {
            Path socket = Path.of(engine.ask("serve v0"));
            SnapshotRun run = new SnapshotRun(engine);
            CompletableFuture<Boolean> stop = new CompletableFuture<>();
            CompletableFuture<Double> guest =
                    CompletableFuture.supplyAsync(() -> writes(socket, clientCpu, run.worst, stop));
            for (int i = -WARM_UP; i < TIMES; i++) {
                run.round(i, Math.max(i, 0));
            }
            stop.complete(true);
            return run.text(guest.join());
        }
    }

    private void round(int round, int row) throws InterruptedException {
        String snapshot = "s" + (round + WARM_UP);
        String clone = "c" + (round + WARM_UP);
        engine.ask("longest");
        calmWriteMs[row] = window(() -> {});
        calmPassMs[row] = ms("longest");
        writeMs[row] = window(() -> {
            snapshotMs[row] = ms("snapshot v0 " + snapshot);
            cloneMs[row] = ms("clone v0@%s %s".formatted(snapshot, clone));
        });
        passMs[row] = ms("longest");
    }

    private double ms(String command) {
        return Long.parseLong(engine.ask(command)) / 1e6;
    }

    /** The longest that a write took that ended while {@code action} went on, or shortly after, in milliseconds. */
    private double window(Runnable action) throws InterruptedException {
        long end = System.nanoTime() + WINDOW_NS;
        worst.set(0);
        action.run();
        while (System.nanoTime() - end < 0) {
            Thread.sleep(1);
        }
        return worst.get() / 1e6;
    }

    private String text(double rate) {
        return """
                %d windows with a snapshot and a clone of 1 TiB, and as many without; median, 9 of 10, all; ms
                snapshot                      %s
                clone                         %s
                longest write                 %s
                longest write, without        %s
                longest pass of the reactor   %s
                longest pass, without         %s
                %,.0f writes a second
                """.formatted(
                        TIMES,
                        text(snapshotMs),
                        text(cloneMs),
                        text(writeMs),
                        text(calmWriteMs),
                        text(passMs),
                        text(calmPassMs),
                        rate);
    }

    private static String text(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return "%8.3f %8.3f %8.3f"
                .formatted(Median.of(sorted), sorted[sorted.length * 9 / 10], sorted[sorted.length - 1]);
    }

    private static double writes(Path socket, int cpu, AtomicLong worst, CompletableFuture<Boolean> stop) {
        long units = PoolServer.GUEST_BYTES / 4096;
        Job job = new Job(true, Order.SHUFFLED, 4096, units, 4, Long.MAX_VALUE, 0, false);
        try {
            return PinnedThread.call("client", cpu, () -> {
                try (PoolClient client = new PoolClient(socket)) {
                    return client.run(job, latencyNs -> {
                        if (latencyNs > worst.get()) {
                            worst.set(latencyNs);
                        }
                        return !stop.isDone();
                    });
                }
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring", e);
        }
    }
}

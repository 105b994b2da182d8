package io.vnvme.bench.pool;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.pool.PoolClient.Job;
import io.vnvme.bench.pool.PoolClient.Order;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Snapshots and clones of a volume of a tebibyte that is fully mapped, under a guest's random writes. */
final class SnapshotRun {
    private static final long DRIVE_BYTES = (1L << 40) + (64L << 30);
    private static final int TIMES = 10;
    private static final long PAUSE_MS = 50;
    private static final long WINDOW_MS = 5;

    private SnapshotRun() {}

    /** @return lines for people */
    static String run(int serverCpu, int clientCpu, List<String> jvmOptions) throws IOException, InterruptedException {
        try (PoolProcess engine = new PoolProcess(serverCpu, "mapped", DRIVE_BYTES, jvmOptions)) {
            Path socket = Path.of(engine.ask("serve v0"));
            AtomicLong worst = new AtomicLong();
            CompletableFuture<Boolean> stop = new CompletableFuture<>();
            CompletableFuture<Double> guest =
                    CompletableFuture.supplyAsync(() -> writes(socket, clientCpu, worst, stop));
            double[] snapshotMs = new double[TIMES];
            double[] cloneMs = new double[TIMES];
            double[] stallMs = new double[TIMES];
            double[] calmMs = new double[TIMES];
            for (int i = 0; i < TIMES; i++) {
                Thread.sleep(PAUSE_MS);
                calmMs[i] = window(worst, () -> {});
                int number = i;
                stallMs[i] = window(worst, () -> {
                    snapshotMs[number] = Long.parseLong(engine.ask("snapshot v0 s" + number)) / 1e6;
                    cloneMs[number] = Long.parseLong(engine.ask("clone v0@s%d c%d".formatted(number, number))) / 1e6;
                });
            }
            stop.complete(true);
            double rate = guest.join();
            return "snapshot of 1 TiB %s ms (10), clone %s ms (10); longest write then %s ms (1), in calm %s ms; %,.0f IOPS%n"
                    .formatted(text(snapshotMs), text(cloneMs), text(stallMs), text(calmMs), rate);
        }
    }

    /** The longest that a write took that ended while {@code action} went on, or shortly after, in milliseconds. */
    private static double window(AtomicLong worst, Runnable action) throws InterruptedException {
        worst.set(0);
        action.run();
        Thread.sleep(WINDOW_MS);
        return worst.get() / 1e6;
    }

    private static String text(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return "%.3f (%.3f..%.3f)".formatted(sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
    }

    private static double writes(Path socket, int cpu, AtomicLong worst, CompletableFuture<Boolean> stop) {
        long units = PoolServer.GUEST_BYTES / 4096;
        Job job = new Job(true, Order.SHUFFLED, 4096, units, 4, Long.MAX_VALUE, 0, false);
        try {
            return PinnedThread.call("client", cpu, () -> {
                try (PoolClient client = new PoolClient(socket)) {
                    return client.run(job, (_, latencyNs) -> {
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

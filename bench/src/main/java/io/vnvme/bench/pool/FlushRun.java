package io.vnvme.bench.pool;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.pool.PoolClient.Job;
import io.vnvme.bench.pool.PoolClient.Order;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Sixteen at once who flush each write, on a drive that takes a millisecond for a flush: how many flushes of theirs one
 * of the drive's serves.
 */
final class FlushRun {
    private static final long VOLUME_BYTES = 64 << 20;
    private static final long DRIVE_BYTES = 512 << 20;
    private static final int AT_ONCE = 16;
    private static final long WRITES = 8192;

    private FlushRun() {}

    /** @return a line for people */
    static String run(int serverCpu, int clientCpu, List<String> jvmOptions) throws IOException, InterruptedException {
        try (PoolProcess engine = new PoolProcess(serverCpu, "slow", DRIVE_BYTES, jvmOptions)) {
            engine.ask("create v " + VOLUME_BYTES);
            Path socket = Path.of(engine.ask("serve v"));
            StringBuilder text = new StringBuilder();
            for (String what : List.of("first", "over")) {
                long[] before = counts(engine.ask("flushes"));
                double rate = PinnedThread.call("client", clientCpu, () -> flushes(socket));
                long[] after = counts(engine.ask("flushes"));
                long asked = after[0] - before[0];
                long sent = after[1] - before[1];
                text.append(
                        "16 at once, each write (%s) flushed: %,.0f a second; %,d flushes, %,d of the drive: %.1f (8)%n"
                                .formatted(what, rate, asked, sent, (double) asked / sent));
            }
            return text.toString();
        }
    }

    private static double flushes(Path socket) {
        long units = VOLUME_BYTES / 4096;
        try (PoolClient client = new PoolClient(socket)) {
            return client.run(new Job(true, Order.SHUFFLED, 4096, units, AT_ONCE, WRITES, 0, true));
        }
    }

    private static long[] counts(String answer) {
        String[] words = answer.split(" ", -1);
        return new long[] {Long.parseLong(words[0]), Long.parseLong(words[1])};
    }
}

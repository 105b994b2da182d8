package io.vnvme.telemetry;

import java.lang.invoke.VarHandle;

/**
 * How many I/O commands ended, and after how long: written by one reactor with plain stores, read by any thread.
 *
 * <p>A command lasts from the pass that fetched it to the end of the pass that completed it: the time it spent in the
 * daemon. What it waited in the guest's queue before that pass is not in it, nor is the way back to the guest.
 *
 * <p>What a pass stores is published at its end ({@link PassMeter#end}); a reader may see one pass's commands in a part of
 * the counts only.
 */
public final class CommandMeter {
    public static final int READ = 0;
    public static final int WRITE = 1;
    /** Flush, Compare, Dataset Management and all others. */
    public static final int OTHER = 2;

    /** Kinds of commands: those above. */
    public static final int KINDS = 3;

    private final long[][] counts = new long[KINDS][LatencyBuckets.COUNT];
    private final long[] sumNs = new long[KINDS];
    /** Commands that were fetched in the same pass that ended them: how long that was is known when it is over. */
    private final long[] unsettled = new long[KINDS];

    void ended(int kind, long latencyNs, long commands) {
        counts[kind][LatencyBuckets.of(latencyNs)] += commands;
        sumNs[kind] += latencyNs * commands;
    }

    void endedAtOnce(int kind) {
        unsettled[kind]++;
    }

    /** Those of the pass that is over lasted that long. */
    void settle(long latencyNs) {
        for (int kind = 0; kind < KINDS; kind++) {
            if (unsettled[kind] != 0) {
                ended(kind, latencyNs, unsettled[kind]);
                unsettled[kind] = 0;
            }
        }
    }

    /** What was counted so far. */
    public LatencyCounts read(int kind) {
        VarHandle.acquireFence();
        return new LatencyCounts(counts[kind].clone(), sumNs[kind]);
    }
}

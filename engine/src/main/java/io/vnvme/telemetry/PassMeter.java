package io.vnvme.telemetry;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Measures a controller's commands by the one reading of the clock that each pass has anyway.
 *
 * <p>How long the commands of a pass took is known when the next one begins: a reactor that had work makes that at once. So
 * nothing is read from the clock for a command, and those that ended in the pass that fetched them, as with a synchronous
 * drive, are put into their bucket all at once.
 */
public final class PassMeter {
    private static final int CAPACITY = 64;

    private long beganNs;
    /** Whose commands ended in the pass that they were fetched in. */
    private CommandMeter[] touched = new CommandMeter[2];

    private int touchedCount;

    // Commands that were fetched in an earlier pass and have ended since the last one began.
    private CommandMeter[] meters = new CommandMeter[CAPACITY];
    private int[] kinds = new int[CAPACITY];
    private long[] fetchedNs = new long[CAPACITY];
    private int endedCount;

    /** A pass begins, and with it ends the one before. */
    public void begin(long nowNs) {
        for (int i = 0; i < touchedCount; i++) {
            touched[i].settle(nowNs - beganNs);
        }
        touchedCount = 0;
        for (int i = 0; i < endedCount; i++) {
            meters[i].ended(kinds[i], nowNs - fetchedNs[i], 1);
        }
        endedCount = 0;
        beganNs = nowNs;
    }

    /** When this pass began. */
    public long beganNs() {
        return beganNs;
    }

    /** A command has ended; {@code fetched} is when the pass began that fetched it. */
    public void ended(CommandMeter meter, int kind, long fetched) {
        if (fetched != beganNs) {
            endedLater(meter, kind, fetched);
            return;
        }
        meter.endedAtOnce(kind);
        if (touchedCount == 0 || touched[touchedCount - 1] != meter) {
            touch(meter);
        }
    }

    private void endedLater(CommandMeter meter, int kind, long fetched) {
        if (endedCount == meters.length) {
            meters = Arrays.copyOf(meters, 2 * endedCount);
            kinds = Arrays.copyOf(kinds, 2 * endedCount);
            fetchedNs = Arrays.copyOf(fetchedNs, 2 * endedCount);
        }
        meters[endedCount] = meter;
        kinds[endedCount] = kind;
        fetchedNs[endedCount] = fetched;
        endedCount++;
    }

    private void touch(CommandMeter meter) {
        for (int i = 0; i < touchedCount; i++) {
            if (touched[i] == meter) {
                return;
            }
        }
        if (touchedCount == touched.length) {
            touched = Arrays.copyOf(touched, 2 * touchedCount);
        }
        touched[touchedCount++] = meter;
    }

    /** The pass is over: what it counted can be seen. A fence for the compiler; the processor has stores in order. */
    public void end() {
        VarHandle.releaseFence();
    }
}

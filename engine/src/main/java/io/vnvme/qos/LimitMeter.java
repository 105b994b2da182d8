package io.vnvme.qos;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What quality of service made a vNVMe's commands wait for - a limit or their fair share: the time in which the first in its lines waited for each cause,
 * and how many commands had to. Written by one reactor with plain stores, read by any thread; a wait under way counts from the
 * next look of the scheduler on.
 */
public final class LimitMeter {
    private static final int CAUSES = WaitCause.FAIR_SHARE.index() + 1;

    private final long[] ns = new long[CAUSES];
    private final long[] commands = new long[CAUSES];
    private @Nullable WaitCause cause;
    private long sinceNs;

    /** From now on the first waits for that. */
    public void waits(WaitCause newCause, long nowNs) {
        settle(nowNs);
        cause = newCause;
    }

    /** One more command has to wait for that. */
    public void command(WaitCause newCause) {
        commands[newCause.index()]++;
    }

    /** Nobody waits any more. */
    public void over(long nowNs) {
        settle(nowNs);
        cause = null;
    }

    private void settle(long nowNs) {
        WaitCause before = cause;
        if (before != null) {
            ns[before.index()] += Math.max(0, nowNs - sinceNs);
        }
        sinceNs = nowNs;
        VarHandle.releaseFence();
    }

    /** For how long, in nanoseconds. */
    public long ns(WaitCause ofCause) {
        VarHandle.acquireFence();
        return ns[ofCause.index()];
    }

    /** How many commands. */
    public long commands(WaitCause ofCause) {
        VarHandle.acquireFence();
        return commands[ofCause.index()];
    }
}

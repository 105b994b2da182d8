package io.vnvme.reactor;

import java.lang.invoke.VarHandle;

/**
 * How often something was waited for, and for how long: the time in which at least one waited. Written by one reactor with
 * plain stores, read by any thread, a moment old.
 */
public final class WaitMeter {
    /** Of what nobody ever waits for. */
    public static final WaitMeter NEVER = new WaitMeter();

    private int waiting;
    private long sinceNs;
    private long untilNs;
    private long ns;
    private long count;

    /** One more waits. */
    public void began(long nowNs) {
        if (waiting++ == 0) {
            sinceNs = nowNs;
        }
        count++;
    }

    /** One of them waits no more. */
    public void ended(long nowNs) {
        if (--waiting == 0) {
            untilNs = nowNs;
            ns += nowNs - sinceNs;
        }
        VarHandle.releaseFence();
    }

    /** One that had begun went its way in between: the same goes on waiting. */
    public void resumed() {
        count--;
    }

    /** A wait that was long enough to be told of is over; nobody knew of it while it lasted. */
    public void lasted(long waitNs) {
        count++;
        ns += waitNs;
        VarHandle.releaseFence();
    }

    /** How many waited. */
    public long count() {
        VarHandle.acquireFence();
        return count;
    }

    /** For how long, until {@code nowNs}, in nanoseconds. */
    public long ns(long nowNs) {
        VarHandle.acquireFence();
        return waiting > 0 ? ns + Math.max(0, nowNs - sinceNs) : ns;
    }

    /** How much of the time from {@code fromNs} until now was within the last wait, in nanoseconds. */
    public long lastSince(long fromNs, long nowNs) {
        long end = waiting > 0 ? nowNs : untilNs;
        return Math.max(0, end - Math.max(fromNs, sinceNs));
    }
}

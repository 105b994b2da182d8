package io.vnvme.reactor;

import java.lang.invoke.VarHandle;

/**
 * What a reactor did with its time: passes with work, passes that found none, sleep. Together all of it since the first
 * pass. Written by the reactor with plain stores, read by anyone: a reader may see values one pass old.
 */
public final class BusyMeter {
    private final Clock clock;
    private long busyNs;
    private long idleNs;
    private long asleepNs;
    private long untilNs;
    private long sleeps;
    private boolean begun;
    private boolean asleep;

    BusyMeter(Clock clock) {
        this.clock = clock;
    }

    /** A pass is over; {@code endNs} is the reading of the reactor's clock then. */
    void pass(int work, long endNs) {
        long spentNs = spentNs(endNs);
        if (work > 0) {
            busyNs += spentNs;
        } else {
            idleNs += spentNs;
        }
        VarHandle.releaseFence();
    }

    /** A sleep begins, of which nobody knows how long it will be. */
    void sleeps(long nowNs) {
        idleNs += spentNs(nowNs);
        sleeps++;
        asleep = true;
        VarHandle.releaseFence();
    }

    /** A sleep is over; {@code endNs} is the reading of the reactor's clock then. */
    void slept(long endNs) {
        asleep = false;
        asleepNs += spentNs(endNs);
        VarHandle.releaseFence();
    }

    private long spentNs(long endNs) {
        long spentNs = begun ? endNs - untilNs : 0;
        begun = true;
        untilNs = endNs;
        return spentNs;
    }

    /** Time in passes that did something, in nanoseconds. */
    public long busyNs() {
        VarHandle.acquireFence();
        return busyNs;
    }

    /** Time in passes that looked in vain, in nanoseconds. */
    public long idleNs() {
        VarHandle.acquireFence();
        return idleNs;
    }

    /** Time asleep, in nanoseconds: all sleeps that have ended, and the one under way. */
    public long asleepNs() {
        VarHandle.acquireFence();
        return asleep ? asleepNs + Math.max(0, clock.nowNs() - untilNs) : asleepNs;
    }

    /** How often it went to sleep. */
    public long sleeps() {
        VarHandle.acquireFence();
        return sleeps;
    }
}

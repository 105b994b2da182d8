package io.vnvme.testkit.sim;

import io.vnvme.reactor.Poller;
import java.util.ArrayList;
import java.util.List;

/**
 * One thread's world: everything that is polled, in order, under one clock. Who steps it is its only thread.
 *
 * <p>It can sleep as a reactor does, and then as deep as it is allowed to: nobody is polled before the time that the pollers
 * gave, or a {@link #wake}. Whoever forgot a moment that he waits for, or sleeps through what was there already, never ends.
 */
public final class SimHost {
    /** Time that a step takes. */
    private static final long STEP_NS = 1_000;

    private final SimClock clock = new SimClock();
    private final List<Poller> pollers = new ArrayList<>();
    private boolean sleeps;
    private boolean asleep;
    private boolean emptyPass;
    private long untilNs;

    public SimClock clock() {
        return clock;
    }

    public void add(Poller poller) {
        pollers.add(poller);
        wake();
    }

    public void remove(Poller poller) {
        pollers.remove(poller);
        wake();
    }

    /** From now on it sleeps after two passes without work. */
    public void sleeps() {
        sleeps = true;
    }

    /** Something came that wakes a reactor: a message, a command of another thread. */
    public void wake() {
        asleep = false;
        emptyPass = false;
    }

    /** True while nobody is polled. */
    public boolean asleep() {
        return asleep;
    }

    /** Polls everything once, unless it sleeps, and moves time on. Returns the work done. */
    public int step() {
        int work = 0;
        long nowNs = clock.nowNs();
        if (asleep && untilNs <= nowNs) {
            wake();
        }
        if (!asleep) {
            for (int i = 0; i < pollers.size(); i++) {
                work += pollers.get(i).poll(nowNs);
            }
            if (sleeps && work == 0 && emptyPass) {
                prepareSleep(nowNs);
            }
            emptyPass = work == 0;
        }
        clock.advance(STEP_NS);
        return work;
    }

    private void prepareSleep(long nowNs) {
        long limitNs = Poller.UNLIMITED;
        for (int i = 0; i < pollers.size() && limitNs > 0; i++) {
            limitNs = Math.min(limitNs, pollers.get(i).prepareSleep(nowNs));
        }
        asleep = limitNs > 0;
        untilNs = limitNs == Poller.UNLIMITED ? Long.MAX_VALUE : nowNs + limitNs;
    }
}

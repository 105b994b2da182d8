package io.vnvme.testkit.sim;

import io.vnvme.reactor.Poller;
import java.util.ArrayList;
import java.util.List;

/** One thread's world: everything that is polled, in order, under one clock. Who steps it is its only thread. */
public final class SimHost {
    /** Time that a step takes. */
    private static final long STEP_NS = 1_000;

    private final SimClock clock = new SimClock();
    private final List<Poller> pollers = new ArrayList<>();

    public SimClock clock() {
        return clock;
    }

    public void add(Poller poller) {
        pollers.add(poller);
    }

    public void remove(Poller poller) {
        pollers.remove(poller);
    }

    /** Polls everything once and moves time on. Returns the work done. */
    public int step() {
        int work = 0;
        long nowNs = clock.nowNs();
        for (int i = 0; i < pollers.size(); i++) {
            work += pollers.get(i).poll(nowNs);
        }
        clock.advance(STEP_NS);
        return work;
    }
}

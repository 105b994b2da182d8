package io.vnvme.testkit.sim;

import io.vnvme.reactor.Clock;

/** Time that stands still until it is moved. */
public final class SimClock implements Clock {
    private long nowNs = 1_000_000_000L;

    @Override
    public long nowNs() {
        return nowNs;
    }

    public void advance(long deltaNs) {
        nowNs += deltaNs;
    }
}

package io.vnvme.reactor;

/** Something a reactor looks at on every pass. */
public interface Poller {
    /**
     * Does what there is to do, and returns.
     *
     * @param nowNs the pass's reading of {@link Clock}
     * @return how much was done; 0 lets the reactor think of sleep
     */
    int poll(long nowNs);
}

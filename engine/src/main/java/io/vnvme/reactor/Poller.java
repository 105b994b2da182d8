package io.vnvme.reactor;

/** Something a reactor looks at on every pass. */
public interface Poller {
    /** What arrives wakes the reactor: it may sleep for as long as it likes. */
    long UNLIMITED = Long.MAX_VALUE;

    /**
     * Does what there is to do, and returns.
     *
     * @param nowNs the pass's reading of {@link Clock}
     * @return how much was done; 0 lets the reactor think of sleep
     */
    int poll(long nowNs);

    /**
     * The reactor is about to sleep: until the next {@link #poll}, what arrives wakes it through a watched descriptor, or is
     * looked for after the time that this returns. Whoever waits for a moment in time says here when that is; forgotten, it
     * comes when something else happens to wake the reactor.
     *
     * @param nowNs a reading of {@link Clock}, not before the last poll's
     * @return the longest sleep from now on, in nanoseconds; 0 when there is something to do already
     */
    long prepareSleep(long nowNs);

    /**
     * Memory that another process can take away was touched after it had done so, by somebody on this thread: whoever has
     * such memory looks whether it was his.
     *
     * <p>The JVM tells of it by an {@link InternalError} at the next safepoint, which may be in another poller's code.
     */
    default void memoryFault() {}
}

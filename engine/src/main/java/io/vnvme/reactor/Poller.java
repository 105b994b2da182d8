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

    /**
     * The reactor is about to sleep: from now until the next {@link #poll}, what arrives must wake it through a watched
     * descriptor.
     *
     * @return false when something has arrived already, and there is to be no sleep
     */
    default boolean prepareSleep() {
        return true;
    }

    /**
     * Memory that another process can take away was touched after it had done so, by somebody on this thread: whoever has
     * such memory looks whether it was his.
     *
     * <p>The JVM tells of it by an {@link InternalError} at the next safepoint, which may be in another poller's code.
     */
    default void memoryFault() {}
}

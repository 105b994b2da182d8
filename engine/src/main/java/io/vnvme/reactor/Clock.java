package io.vnvme.reactor;

/** Time as a reactor sees it: read once a pass, injected so that a simulation owns it. */
@FunctionalInterface
public interface Clock {
    /** Nanoseconds from an arbitrary origin, never going back. */
    long nowNs();

    /** The machine's monotonic clock. */
    static Clock system() {
        return System::nanoTime;
    }
}

package io.vnvme.pool.mirror;

/** How fast background copying may go: at one rate while the layers above use the mirror, at another while they do not. */
final class Throttle {
    /** A mirror without I/O for this long is not in use. */
    private static final long QUIET_NS = 50_000_000L;

    private long busyBytesPerSecond = 100L << 20;
    private long quietBytesPerSecond = Long.MAX_VALUE;
    private long nextNs = Long.MIN_VALUE;
    private long lastGuestBytes;
    private long lastGuestNs = Long.MIN_VALUE;

    void rates(long busy, long quiet) {
        busyBytesPerSecond = busy;
        quietBytesPerSecond = quiet;
    }

    /** True when a step may begin now. */
    boolean open(long nowNs, long guestBytes) {
        if (guestBytes != lastGuestBytes) {
            lastGuestBytes = guestBytes;
            lastGuestNs = nowNs;
        }
        return nowNs >= nextNs;
    }

    /** How long until a step may begin, in nanoseconds; 0 or less: now. */
    long remainingNs(long nowNs) {
        return nextNs == Long.MIN_VALUE ? 0 : nextNs - nowNs;
    }

    /** A step of so many bytes began. */
    void took(long nowNs, long bytes) {
        boolean busy = lastGuestNs != Long.MIN_VALUE && nowNs - lastGuestNs < QUIET_NS;
        long rate = busy ? busyBytesPerSecond : quietBytesPerSecond;
        nextNs = nowNs + (long) (bytes * 1e9 / rate);
    }
}

package io.vnvme.telemetry;

/**
 * Log-linear buckets for durations: 16 to each power of two, so a bucket is at most a sixteenth wider than its lower end.
 * Below 16 ns each nanosecond has its own; all above two minutes share the last.
 */
public final class LatencyBuckets {
    private static final int STEPS_SHIFT = 4;
    private static final int STEPS = 1 << STEPS_SHIFT;
    private static final int EXPONENT_MAX = 36;
    /** Number of buckets. */
    public static final int COUNT = (EXPONENT_MAX - STEPS_SHIFT + 2) * STEPS;

    private LatencyBuckets() {}

    /** The bucket of a duration; of 0 for a negative one, which a clock that steps back could make. */
    public static int of(long ns) {
        if (ns < STEPS) {
            return (int) Math.max(ns, 0);
        }
        int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(ns);
        if (exponent > EXPONENT_MAX) {
            return COUNT - 1;
        }
        int shift = exponent - STEPS_SHIFT;
        return shift * STEPS + (int) (ns >>> shift);
    }

    /** Longest duration in a bucket, in nanoseconds. */
    public static long highestNs(int bucket) {
        if (bucket < STEPS) {
            return bucket;
        }
        int shift = bucket / STEPS - 1;
        return ((long) (bucket % STEPS + STEPS + 1) << shift) - 1;
    }
}

package io.vnvme.telemetry;

/** Durations that were counted, as a copy that nobody changes. */
public final class LatencyCounts {
    /** Nothing counted. */
    public static final LatencyCounts NONE = new LatencyCounts(new long[LatencyBuckets.COUNT], 0);

    private final long[] counts;
    private final long sumNs;

    /**
     * @param counts by bucket of {@link LatencyBuckets}; not to be changed any more
     * @param sumNs all durations together, in nanoseconds
     */
    public LatencyCounts(long[] counts, long sumNs) {
        this.counts = counts;
        this.sumNs = sumNs;
    }

    /** What was counted since {@code earlier}. */
    public LatencyCounts since(LatencyCounts earlier) {
        return plus(earlier, -1);
    }

    /** These and those. */
    public LatencyCounts and(LatencyCounts others) {
        return plus(others, 1);
    }

    private LatencyCounts plus(LatencyCounts others, int factor) {
        long[] together = new long[counts.length];
        for (int i = 0; i < counts.length; i++) {
            together[i] = counts[i] + factor * others.counts[i];
        }
        return new LatencyCounts(together, sumNs + factor * others.sumNs);
    }

    /**
     * How many lasted that long.
     *
     * @param bucket of {@link LatencyBuckets}
     */
    public long count(int bucket) {
        return counts[bucket];
    }

    /** How many. */
    public long total() {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        return total;
    }

    /** All durations together, in nanoseconds. */
    public long sumNs() {
        return sumNs;
    }

    /**
     * The duration that this share of all did not exceed, rounded up to the end of its bucket, in nanoseconds; 0 when there
     * are none.
     *
     * @param share above 0, at most 1: 0.99 for the 99th percentile
     */
    public long percentileNs(double share) {
        long wanted = (long) Math.ceil(total() * share);
        long seen = 0;
        for (int i = 0; i < counts.length && wanted > 0; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return LatencyBuckets.highestNs(i);
            }
        }
        return 0;
    }
}

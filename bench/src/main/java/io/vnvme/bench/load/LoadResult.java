package io.vnvme.bench.load;

/**
 * What one timed run did.
 *
 * @param p50Ns median time from handing an operation over to seeing that it is complete
 * @param p99Ns the time that 99 of 100 operations did not exceed
 */
public record LoadResult(long operations, long elapsedNs, long p50Ns, long p99Ns) {
    private static final double NS_PER_S = 1e9;

    public LoadResult {
        if (operations < 0 || elapsedNs <= 0) {
            throw new IllegalArgumentException(operations + " operations in " + elapsedNs + " ns");
        }
    }

    public double iops() {
        return operations * NS_PER_S / elapsedNs;
    }
}

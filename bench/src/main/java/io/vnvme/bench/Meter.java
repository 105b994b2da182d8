package io.vnvme.bench;

import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;

/** Counts transfers and their latencies once the warm-up is over, until the time is. */
final class Meter {
    private static final long HIGHEST_NS = 10_000_000_000L;

    private final Histogram latencies = new Histogram(HIGHEST_NS, 3);
    private final LongSupplier cpuNs;
    private final long startNs;
    private final long endNs;
    private boolean counting;
    private long countedFromNs;
    private long cpuFromNs;
    private long lastNs;
    private long count;

    /** @param cpuNs processor time of the serving side so far */
    Meter(BenchSpec spec, LongSupplier cpuNs) {
        this.cpuNs = cpuNs;
        startNs = System.nanoTime() + spec.warmUp().toNanos();
        endNs = startNs + spec.length().toNanos();
    }

    /** Whether to go on, asked once a batch with a fresh reading of the clock. */
    boolean goesOn(long nowNs) {
        lastNs = nowNs;
        if (!counting && nowNs - startNs >= 0) {
            counting = true;
            countedFromNs = nowNs;
            cpuFromNs = cpuNs.getAsLong();
        }
        return nowNs - endNs < 0;
    }

    void completed(long latencyNs) {
        if (counting) {
            count++;
            latencies.recordValue(Math.min(latencyNs, HIGHEST_NS));
        }
    }

    Sample sample() {
        double seconds = (lastNs - countedFromNs) / 1e9;
        double cpu = (cpuNs.getAsLong() - cpuFromNs) / 1e3;
        return new Sample(
                count / seconds,
                latencies.getValueAtPercentile(50) / 1e3,
                latencies.getValueAtPercentile(99) / 1e3,
                cpu / count);
    }
}

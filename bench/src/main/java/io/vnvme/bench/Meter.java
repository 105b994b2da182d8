package io.vnvme.bench;

import java.time.Duration;
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
    Meter(Duration warmUp, Duration length, LongSupplier cpuNs) {
        this.cpuNs = cpuNs;
        startNs = System.nanoTime() + warmUp.toNanos();
        endNs = startNs + length.toNanos();
    }

    Meter(BenchSpec spec, LongSupplier cpuNs) {
        this(spec.warmUp(), spec.length(), cpuNs);
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

    /** Whether the warm-up is over. */
    boolean counting() {
        return counting;
    }

    Histogram latencies() {
        return latencies;
    }

    double seconds() {
        return (lastNs - countedFromNs) / 1e9;
    }

    /** Processor time of the serving side while it was counted, in microseconds. */
    double cpuUs() {
        return (cpuNs.getAsLong() - cpuFromNs) / 1e3;
    }

    Sample sample() {
        return new Sample(
                count / seconds(),
                latencies.getValueAtPercentile(50) / 1e3,
                latencies.getValueAtPercentile(99) / 1e3,
                cpuUs() / count);
    }
}

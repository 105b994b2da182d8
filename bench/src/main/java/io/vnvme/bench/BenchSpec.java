package io.vnvme.bench;

import io.vnvme.bench.load.Workload;
import java.time.Duration;

/**
 * One measurement.
 *
 * @param queueDepth transfers in flight
 * @param blockBytes size of each; 4096 or 8192 at most
 * @param warmUp time before the counting begins
 * @param length time that is counted
 * @param cpu processor that the measuring thread pins itself to; negative: any
 */
public record BenchSpec(Workload workload, int queueDepth, int blockBytes, Duration warmUp, Duration length, int cpu) {
    /** 4 KiB transfers for two seconds after half a second, on any processor. */
    public static BenchSpec of(Workload workload, int queueDepth) {
        return new BenchSpec(workload, queueDepth, 4096, Duration.ofMillis(500), Duration.ofSeconds(2), -1);
    }

    public BenchSpec onCpu(int pinned) {
        return new BenchSpec(workload, queueDepth, blockBytes, warmUp, length, pinned);
    }

    public BenchSpec lasting(Duration warming, Duration counted) {
        return new BenchSpec(workload, queueDepth, blockBytes, warming, counted, cpu);
    }
}

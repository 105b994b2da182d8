package io.vnvme.bench.campaign;

import io.vnvme.bench.BenchSpec;
import io.vnvme.bench.HostBench;
import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Workload;

/** Plain copies of the same blocks, without any queue: what the machine's memory gives one processor. */
final class MemoryLimit implements Contender {
    static final String NAME = "memcpy";
    /** Small buffers on the near side; a drive's client has as many. */
    private static final int BUFFERS = 64;

    private final long sizeBytes;

    MemoryLimit(long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean takes(Point point) {
        // There is no queue that could be deep: one depth is enough.
        int percent = point.traffic().readPercent();
        return point.drive() == DriveKind.RAM
                && point.traffic().depth() == BUFFERS
                && point.traffic().queues() == 1
                && (percent == 0 || percent == 100);
    }

    @Override
    public Sample measure(Point point, Span span) {
        Workload workload = point.traffic().writes() ? Workload.RANDWRITE : Workload.RANDREAD;
        return HostBench.copies(
                sizeBytes,
                new BenchSpec(
                        workload,
                        BUFFERS,
                        point.traffic().blockBytes(),
                        span.warmUp(),
                        span.length(),
                        span.serverCpu()));
    }
}

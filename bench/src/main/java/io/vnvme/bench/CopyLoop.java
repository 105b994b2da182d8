package io.vnvme.bench;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.os.Cpu;
import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;

/** Copies of random blocks between a large area and small buffers: the limit that memory sets. */
final class CopyLoop {
    private static final int BATCH = 32;

    private CopyLoop() {}

    static Sample run(long sizeBytes, BenchSpec spec) {
        int block = spec.blockBytes();
        try (Mapping area = Mapping.anonymous(sizeBytes, true);
                Mapping buffers = Mapping.anonymous((long) spec.queueDepth() * block, false)) {
            area.segment().fill((byte) 1);
            Meter meter = new Meter(spec, Cpu::threadCpuTimeNs);
            RandomBlocks random = new RandomBlocks(sizeBytes / block);
            MemorySegment large = area.segment();
            MemorySegment small = buffers.segment();
            boolean read = !spec.workload().writes();
            int slot = 0;
            long now = System.nanoTime();
            do {
                long before = now;
                for (int i = 0; i < BATCH; i++) {
                    long far = random.next() * block;
                    long near = (long) slot * block;
                    slot = slot + 1 == spec.queueDepth() ? 0 : slot + 1;
                    if (read) {
                        MemorySegment.copy(large, far, small, near, block);
                    } else {
                        MemorySegment.copy(small, near, large, far, block);
                    }
                }
                now = System.nanoTime();
                for (int i = 0; i < BATCH; i++) {
                    meter.completed((now - before) / BATCH);
                }
            } while (meter.goesOn(now));
            return meter.sample();
        }
    }
}

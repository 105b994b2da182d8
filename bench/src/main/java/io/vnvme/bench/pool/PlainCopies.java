package io.vnvme.bench.pool;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.bench.pool.ReactorSide.Count;
import io.vnvme.os.Cpu;
import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/** A processor that copies blocks of 4 KiB at random and does nothing else: how far the machine's memory serves two. */
final class PlainCopies implements AutoCloseable, ReactorsRun.Side {
    private static final int BLOCK_BYTES = 4096;
    private static final int NEAR = 64;
    private static final int BATCH = 64;

    private final int cpu;
    private final Mapping far;
    private final Mapping near = Mapping.anonymous((long) NEAR * BLOCK_BYTES, false);

    PlainCopies(int cpu, long sizeBytes) {
        this.cpu = cpu;
        far = Mapping.anonymous(sizeBytes, true);
        far.segment().fill((byte) 1);
    }

    @Override
    public CompletableFuture<Count> begin(int kind, long warmUpNs, long lengthNs) {
        return CompletableFuture.supplyAsync(
                () -> {
                    Cpu.pin(cpu);
                    copy(kind, warmUpNs);
                    return copy(kind, lengthNs);
                },
                work -> Thread.ofPlatform().name("copies").start(work));
    }

    private Count copy(int kind, long lengthNs) {
        MemorySegment large = far.segment();
        MemorySegment small = near.segment();
        RandomBlocks random = new RandomBlocks(large.byteSize() / BLOCK_BYTES);
        long fromNs = System.nanoTime();
        long cpuNs = Cpu.threadCpuTimeNs();
        long copies = 0;
        long nowNs = fromNs;
        while (nowNs - fromNs < lengthNs) {
            for (int i = 0; i < BATCH; i++) {
                long at = random.next() * BLOCK_BYTES;
                long slot = (long) i % NEAR * BLOCK_BYTES;
                if (kind == ReactorSide.Load.READ) {
                    MemorySegment.copy(large, at, small, slot, BLOCK_BYTES);
                } else {
                    MemorySegment.copy(small, slot, large, at, BLOCK_BYTES);
                }
            }
            copies += BATCH;
            nowNs = System.nanoTime();
        }
        return new Count(copies, nowNs - fromNs, Cpu.threadCpuTimeNs() - cpuNs);
    }

    @Override
    public void close() {
        far.close();
        near.close();
    }
}

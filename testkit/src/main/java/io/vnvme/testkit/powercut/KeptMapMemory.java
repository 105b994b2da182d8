package io.vnvme.testkit.powercut;

import io.vnvme.pool.MapMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/** Memory for maps that is used again for the next pool. One thread's. */
final class KeptMapMemory implements MapMemory {
    private final ArrayDeque<MemorySegment> spare = new ArrayDeque<>();

    @Override
    public Chunk take(long sizeBytes, boolean hugePages) {
        MemorySegment kept = spare.poll();
        MemorySegment segment = kept == null ? Arena.ofAuto().allocate(sizeBytes, Long.BYTES) : kept;
        return new Chunk(segment, () -> spare.push(segment));
    }
}

package io.vnvme.testkit.powercut;

import io.vnvme.pool.MapMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/** Memory for maps that is used again for the next pool. One thread's. */
final class KeptMapMemory implements MapMemory {
    private static final ThreadLocal<KeptMapMemory> OF_THREAD = ThreadLocal.withInitial(KeptMapMemory::new);

    private final ArrayDeque<MemorySegment> spare = new ArrayDeque<>();

    private KeptMapMemory() {}

    /** That of the calling thread: it serves one simulation after the other. */
    static KeptMapMemory ofThread() {
        return OF_THREAD.get();
    }

    @Override
    public Chunk take(long sizeBytes, boolean hugePages) {
        MemorySegment kept = spare.poll();
        MemorySegment segment = kept == null ? Arena.ofAuto().allocate(sizeBytes, Long.BYTES) : kept;
        return new Chunk(segment, () -> spare.push(segment));
    }
}

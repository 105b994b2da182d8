package io.vnvme.pool;

import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;

/**
 * Where the memory of a pool's maps comes from. Who loads pools again and again, as a simulation does, keeps it: to get
 * 2 MiB from the system and to give them back takes longer than everything else about a small pool.
 */
@FunctionalInterface
public interface MapMemory {
    /** A part of it. */
    record Chunk(MemorySegment segment, Runnable giveBack) {}

    MapMemory SYSTEM = (sizeBytes, hugePages) -> {
        Mapping mapping = Mapping.anonymous(sizeBytes, hugePages);
        return new Chunk(mapping.segment(), mapping::close);
    };

    /**
     * Memory, with anything in it.
     *
     * @param hugePages whether huge pages are worth while
     */
    Chunk take(long sizeBytes, boolean hugePages);
}

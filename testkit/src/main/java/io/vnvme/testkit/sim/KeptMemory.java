package io.vnvme.testkit.sim;

import io.vnvme.os.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Memory of one simulation that serves another one when it is closed: to get tens of mebibytes from the system, a page at a
 * time, and to clear them takes longer than the simulation. Unlike that of other arenas it can still be used after the
 * close, by mistake; what is in it then is another's.
 */
public final class KeptMemory implements Arena {
    /** Of addresses: pages are taken as they are touched. */
    private static final long CHUNK_BYTES = 1L << 30;

    private static final ConcurrentLinkedDeque<KeptMemory> SPARE = new ConcurrentLinkedDeque<>();

    private final Chunks zeros = new Chunks();
    private final Chunks dirty = new Chunks();

    private KeptMemory() {}

    /** For a simulation, which has to close it, and to use it in one thread at a time. */
    public static KeptMemory take() {
        KeptMemory spare = SPARE.poll();
        return spare == null ? new KeptMemory() : spare;
    }

    /** Memory that is given out from one end to the other, and then all over again. */
    private static final class Chunks {
        private final List<MemorySegment> chunks = new ArrayList<>();
        private int chunk;
        private long used;

        MemorySegment allocate(long byteSize, long byteAlignment) {
            for (; chunk < chunks.size(); chunk++, used = 0) {
                long at = (used + byteAlignment - 1) & -byteAlignment;
                if (at + byteSize <= chunks.get(chunk).byteSize()) {
                    used = at + byteSize;
                    return chunks.get(chunk).asSlice(at, byteSize);
                }
            }
            chunks.add(Mapping.anonymous(Math.max(CHUNK_BYTES, byteSize), false).segment());
            used = byteSize;
            return chunks.getLast().asSlice(0, byteSize);
        }

        void restart() {
            chunk = 0;
            used = 0;
        }
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        return dirty.allocate(byteSize, byteAlignment).fill((byte) 0);
    }

    /** With anything in it, for who writes before he reads. */
    static MemorySegment dirty(Arena arena, long byteSize) {
        return arena instanceof KeptMemory kept
                ? kept.dirty.allocate(byteSize, Mapping.PAGE_BYTES)
                : arena.allocate(byteSize, Mapping.PAGE_BYTES);
    }

    /** Zeros, for who leaves zeros behind: nobody else clears them for the next one. */
    static MemorySegment zeros(Arena arena, long byteSize) {
        return arena instanceof KeptMemory kept
                ? kept.zeros.allocate(byteSize, Mapping.PAGE_BYTES)
                : arena.allocate(byteSize, Mapping.PAGE_BYTES);
    }

    @Override
    public MemorySegment.Scope scope() {
        throw new UnsupportedOperationException("kept memory outlives its use");
    }

    @Override
    public void close() {
        zeros.restart();
        dirty.restart();
        SPARE.push(this);
    }
}

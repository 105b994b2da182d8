package io.vnvme.pool;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of all maps of a pool: leaves of 64 entries, outside the heap, reused when given back.
 *
 * <p>Beside each leaf: which entries changed since they were last captured for the journal, and whose they are. A chunk
 * has its leaves first, then those three columns. 528 bytes a leaf: 132 MiB for each TiB that is mapped.
 */
final class LeafStore implements AutoCloseable {
    static final int ENTRIES = 64;
    static final int ENTRIES_SHIFT = 6;
    private static final int LEAF_BYTES = ENTRIES * 8;
    private static final int LEAF_SHIFT = 9;
    /** Leaves of a chunk are a huge page: maps of terabytes are read at random. */
    private static final int CHUNK_LEAVES_SHIFT = 12;

    private static final int CHUNK_LEAVES = 1 << CHUNK_LEAVES_SHIFT;
    private static final long CHANGED = (long) CHUNK_LEAVES * LEAF_BYTES;
    private static final long LAYERS = CHANGED + CHUNK_LEAVES * 8L;
    private static final long NUMBERS = LAYERS + CHUNK_LEAVES * 4L;
    private static final long CHUNK_BYTES = NUMBERS + CHUNK_LEAVES * 4L;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT;

    private final MapMemory memory;
    private final List<MapMemory.Chunk> taken = new ArrayList<>();
    private MemorySegment[] chunks = new MemorySegment[1];
    /** Leaves that were ever handed out. */
    private int everCount;
    /** The last leaf given back plus 1; each has the one before it in its first entry. 0: none. */
    private long freeHead;

    private int count;

    /** Leaves that have changed entries, some of them perhaps twice or given back since. */
    private int[] changedLeaves = new int[256];

    private @Nullable KeptChanges kept;
    private int changedLeafCount;
    private int changedEntryCount;
    private int changedPageCount;

    LeafStore(MapMemory memory) {
        this.memory = memory;
    }

    /** A leaf of zeros. */
    int allocate(int layer, int number) {
        int leaf;
        if (freeHead != 0) {
            leaf = (int) (freeHead - 1);
            freeHead = get(leaf, 0);
        } else {
            leaf = everCount;
            if (leaf >>> CHUNK_LEAVES_SHIFT == taken.size()) {
                addChunk();
            }
            everCount++;
            chunk(leaf).set(U64, CHANGED + inChunk(leaf) * 8L, 0);
        }
        chunk(leaf).asSlice(first(leaf), LEAF_BYTES).fill((byte) 0);
        chunk(leaf).set(U32, LAYERS + inChunk(leaf) * 4L, layer);
        chunk(leaf).set(U32, NUMBERS + inChunk(leaf) * 4L, number);
        count++;
        return leaf;
    }

    private void addChunk() {
        int chunk = taken.size();
        // The first is of ordinary pages, taken as they are touched: most pools are small.
        MapMemory.Chunk more = memory.take(CHUNK_BYTES, chunk > 0);
        taken.add(more);
        if (chunk == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunk * 2);
        }
        chunks[chunk] = more.segment();
    }

    private MemorySegment chunk(int leaf) {
        return chunks[leaf >>> CHUNK_LEAVES_SHIFT];
    }

    private static int inChunk(int leaf) {
        return leaf & (CHUNK_LEAVES - 1);
    }

    /** Where in its chunk the leaf's entries begin. */
    private static long first(int leaf) {
        return (long) inChunk(leaf) << LEAF_SHIFT;
    }

    private long changed(int leaf) {
        return chunk(leaf).get(U64, CHANGED + inChunk(leaf) * 8L);
    }

    private void changed(int leaf, long bits) {
        chunk(leaf).set(U64, CHANGED + inChunk(leaf) * 8L, bits);
    }

    /** Gives a leaf back; what changed in it is forgotten. */
    void release(int leaf) {
        changedEntryCount -= Long.bitCount(changed(leaf));
        changed(leaf, 0);
        put(leaf, 0, freeHead);
        freeHead = leaf + 1L;
        count--;
    }

    long get(int leaf, int slot) {
        return chunk(leaf).get(U64, first(leaf) + ((long) slot << 3));
    }

    /** From now on what changes is kept there, too. */
    void keepIn(KeptChanges changes) {
        kept = changes;
    }

    /** Sets an entry and notes that it changed. */
    void set(int leaf, int slot, long entry) {
        put(leaf, slot, entry);
        KeptChanges changes = kept;
        if (changes != null) {
            long first = (long) chunk(leaf).get(U32, NUMBERS + inChunk(leaf) * 4L) << ENTRIES_SHIFT;
            changes.entry(chunk(leaf).get(U32, LAYERS + inChunk(leaf) * 4L), first + slot, entry);
        }
        long before = changed(leaf);
        long after = before | 1L << slot;
        if (after == before) {
            return;
        }
        changed(leaf, after);
        changedEntryCount++;
        if (before == 0) {
            if (changedLeafCount == changedLeaves.length) {
                changedLeaves = Arrays.copyOf(changedLeaves, changedLeafCount * 2);
            }
            changedLeaves[changedLeafCount++] = leaf;
        }
    }

    /** Sets an entry that is on the drives already. */
    void put(int leaf, int slot, long entry) {
        chunk(leaf).set(U64, first(leaf) + ((long) slot << 3), entry);
    }

    /** Sets all entries of a leaf to those that lie at {@code at} as {@code layout} says, and on the drives already. */
    void putAll(int leaf, MemorySegment source, ValueLayout.OfLong layout, long at) {
        MemorySegment.copy(source, layout, at, chunk(leaf), U64, first(leaf), ENTRIES);
    }

    /** The counterpart of {@link #putAll}. */
    void getAll(int leaf, MemorySegment target, ValueLayout.OfLong layout, long at) {
        MemorySegment.copy(chunk(leaf), U64, first(leaf), target, layout, at, ENTRIES);
    }

    boolean hasChanges(int leaf) {
        return changed(leaf) != 0;
    }

    /** Entries that changed since the last capture. */
    int changedEntryCount() {
        return changedEntryCount;
    }

    /** Pages of all maps that the next checkpoint has to write. */
    int changedPageCount() {
        return changedPageCount;
    }

    void pagesChanged(int count) {
        changedPageCount += count;
    }

    /** Who is told of changed entries. */
    interface ChangeSink {
        /** Whether the layer is one whose entries matter. */
        boolean wants(int layer);

        void changed(int layer, long clusterIndex, long entry);
    }

    /** Hands over all changed entries as they are now, and begins anew. */
    void capture(ChangeSink sink) {
        int asked = 0;
        boolean wanted = false;
        for (int i = 0; i < changedLeafCount; i++) {
            int leaf = changedLeaves[i];
            long bits = changed(leaf);
            changed(leaf, 0);
            int layer = chunk(leaf).get(U32, LAYERS + inChunk(leaf) * 4L);
            long first = (long) chunk(leaf).get(U32, NUMBERS + inChunk(leaf) * 4L) << ENTRIES_SHIFT;
            if (layer != asked) {
                asked = layer;
                wanted = sink.wants(layer);
            }
            for (; wanted && bits != 0; bits &= bits - 1) {
                int slot = Long.numberOfTrailingZeros(bits);
                sink.changed(layer, first + slot, get(leaf, slot));
            }
        }
        changedLeafCount = 0;
        changedEntryCount = 0;
    }

    /** Bytes that entries in use take, and what is kept beside them. */
    long usedBytes() {
        return count * (CHUNK_BYTES / CHUNK_LEAVES);
    }

    @Override
    public void close() {
        taken.forEach(chunk -> chunk.giveBack().run());
        taken.clear();
    }
}

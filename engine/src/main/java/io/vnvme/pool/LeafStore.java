package io.vnvme.pool;

import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The memory of all maps of a pool: leaves of 64 entries, outside the heap, reused when given back.
 *
 * <p>Beside each leaf: which entries changed since they were last captured for the journal, and whose they are.
 */
final class LeafStore implements AutoCloseable {
    static final int ENTRIES = 64;
    static final int ENTRIES_SHIFT = 6;
    private static final int LEAF_BYTES = ENTRIES * 8;
    private static final int LEAF_SHIFT = 9;
    private static final int CHUNK_LEAVES_SHIFT = 8;
    /** A chunk is 128 KiB: a pool with hardly anything in it takes hardly any memory. */
    private static final int CHUNK_LEAVES = 1 << CHUNK_LEAVES_SHIFT;

    private final List<Mapping> mappings = new ArrayList<>();
    private MemorySegment[] chunks = new MemorySegment[0];
    private long[][] changed = new long[0][];
    private int[][] layers = new int[0][];
    private int[][] numbers = new int[0][];
    private int[] free = new int[CHUNK_LEAVES];
    private int freeCount;
    private int count;

    /** Leaves that have changed entries, some of them perhaps twice or given back since. */
    private int[] changedLeaves = new int[CHUNK_LEAVES];

    private int changedLeafCount;
    private int changedEntryCount;
    private int changedPageCount;

    /** A leaf of zeros. */
    int allocate(int layer, int number) {
        if (freeCount == 0) {
            addChunk();
        }
        int leaf = free[--freeCount];
        chunks[leaf >>> CHUNK_LEAVES_SHIFT]
                .asSlice((long) (leaf & (CHUNK_LEAVES - 1)) << LEAF_SHIFT, LEAF_BYTES)
                .fill((byte) 0);
        layers[leaf >>> CHUNK_LEAVES_SHIFT][leaf & (CHUNK_LEAVES - 1)] = layer;
        numbers[leaf >>> CHUNK_LEAVES_SHIFT][leaf & (CHUNK_LEAVES - 1)] = number;
        count++;
        return leaf;
    }

    private void addChunk() {
        Mapping mapping = Mapping.anonymous((long) CHUNK_LEAVES * LEAF_BYTES, false);
        mappings.add(mapping);
        int chunk = chunks.length;
        chunks = Arrays.copyOf(chunks, chunk + 1);
        chunks[chunk] = mapping.segment();
        changed = Arrays.copyOf(changed, chunk + 1);
        changed[chunk] = new long[CHUNK_LEAVES];
        layers = Arrays.copyOf(layers, chunk + 1);
        layers[chunk] = new int[CHUNK_LEAVES];
        numbers = Arrays.copyOf(numbers, chunk + 1);
        numbers[chunk] = new int[CHUNK_LEAVES];
        if (free.length < freeCount + CHUNK_LEAVES) {
            free = Arrays.copyOf(free, Math.max(free.length * 2, freeCount + CHUNK_LEAVES));
        }
        for (int i = CHUNK_LEAVES - 1; i >= 0; i--) {
            free[freeCount++] = (chunk << CHUNK_LEAVES_SHIFT) + i;
        }
    }

    /** Gives a leaf back; what changed in it is forgotten. */
    void release(int leaf) {
        long[] bits = changed[leaf >>> CHUNK_LEAVES_SHIFT];
        changedEntryCount -= Long.bitCount(bits[leaf & (CHUNK_LEAVES - 1)]);
        bits[leaf & (CHUNK_LEAVES - 1)] = 0;
        layers[leaf >>> CHUNK_LEAVES_SHIFT][leaf & (CHUNK_LEAVES - 1)] = 0;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, free.length * 2);
        }
        free[freeCount++] = leaf;
        count--;
    }

    long get(int leaf, int slot) {
        return chunks[leaf >>> CHUNK_LEAVES_SHIFT].get(
                ValueLayout.JAVA_LONG, ((long) (leaf & (CHUNK_LEAVES - 1)) << LEAF_SHIFT) + ((long) slot << 3));
    }

    /** Sets an entry and notes that it changed. */
    void set(int leaf, int slot, long entry) {
        put(leaf, slot, entry);
        long[] bits = changed[leaf >>> CHUNK_LEAVES_SHIFT];
        long before = bits[leaf & (CHUNK_LEAVES - 1)];
        long after = before | 1L << slot;
        if (after == before) {
            return;
        }
        bits[leaf & (CHUNK_LEAVES - 1)] = after;
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
        chunks[leaf >>> CHUNK_LEAVES_SHIFT].set(
                ValueLayout.JAVA_LONG, ((long) (leaf & (CHUNK_LEAVES - 1)) << LEAF_SHIFT) + ((long) slot << 3), entry);
    }

    boolean hasChanges(int leaf) {
        return changed[leaf >>> CHUNK_LEAVES_SHIFT][leaf & (CHUNK_LEAVES - 1)] != 0;
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
        void changed(int layer, long clusterIndex, long entry);
    }

    /** Hands over all changed entries as they are now, and begins anew. */
    void capture(ChangeSink sink) {
        for (int i = 0; i < changedLeafCount; i++) {
            int leaf = changedLeaves[i];
            int chunk = leaf >>> CHUNK_LEAVES_SHIFT;
            int inChunk = leaf & (CHUNK_LEAVES - 1);
            long bits = changed[chunk][inChunk];
            changed[chunk][inChunk] = 0;
            long first = (long) numbers[chunk][inChunk] << ENTRIES_SHIFT;
            for (; bits != 0; bits &= bits - 1) {
                int slot = Long.numberOfTrailingZeros(bits);
                sink.changed(layers[chunk][inChunk], first + slot, get(leaf, slot));
            }
        }
        changedLeafCount = 0;
        changedEntryCount = 0;
    }

    /** Bytes of entries in use. */
    long usedBytes() {
        return (long) count * LEAF_BYTES;
    }

    @Override
    public void close() {
        mappings.forEach(Mapping::close);
        mappings.clear();
    }
}

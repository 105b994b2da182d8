package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * The map of one layer: cluster index to {@link Entry}, sparse.
 *
 * <p>In memory: trunks of 1024 leaf numbers, leaves of 64 entries. On the drives: pages of 8 leaves, found by the
 * directory, of which the last known places and checksums are kept here too.
 */
final class LayerMap {
    private static final int TRUNK_SHIFT = 10;
    private static final int TRUNK_LEAVES = 1 << TRUNK_SHIFT;
    private static final int PAGE_LEAVES_SHIFT = MapPage.ENTRIES_SHIFT - LeafStore.ENTRIES_SHIFT;
    private static final int PAGE_LEAVES = 1 << PAGE_LEAVES_SHIFT;
    private static final int LEAF_BYTES = LeafStore.ENTRIES * Long.BYTES;
    private static final ValueLayout.OfLong ENTRY = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int layer;
    private final LeafStore store;
    private int[][] trunks;
    private long clusterCount;
    /** Pages whose memory differs from what the last checkpoint wrote. */
    private final BitSet changedPages = new BitSet();

    private final PageDirectory directory = new PageDirectory();

    LayerMap(int layer, long sizeBytes, LeafStore store) {
        this.layer = layer;
        this.store = store;
        this.trunks = new int[trunkCount(sizeBytes)][];
    }

    private static int trunkCount(long sizeBytes) {
        long clusters = (sizeBytes + Geometry.CLUSTER_BYTES - 1) >>> Geometry.CLUSTER_SHIFT;
        int shift = LeafStore.ENTRIES_SHIFT + TRUNK_SHIFT;
        return (int) ((clusters + (1L << shift) - 1) >>> shift);
    }

    /** The map is for a layer of this size from now on; leaves beyond are dropped with all that is in them. */
    void resize(long sizeBytes) {
        long end = (sizeBytes + Geometry.CLUSTER_BYTES - 1) >>> Geometry.CLUSTER_SHIFT;
        long firstWhole = (end + LeafStore.ENTRIES - 1) & -LeafStore.ENTRIES;
        for (long index = next(firstWhole); index != Long.MAX_VALUE; index = next(index)) {
            markChanged(index);
            dropLeaf(index);
        }
        int[][] resized = new int[Math.max(trunkCount(sizeBytes), 1)][];
        System.arraycopy(trunks, 0, resized, 0, Math.min(trunks.length, resized.length));
        trunks = resized;
    }

    /**
     * Drops what the journal once had in the last leaf at {@code end} and behind it: a layer that was made smaller comes in
     * one batch with the entries that it gave up, and those count as behind its end.
     */
    void dropBehind(long end) {
        for (long index = end; (index & (LeafStore.ENTRIES - 1)) != 0; index++) {
            if (entry(index) != Entry.NONE) {
                loadChanged(index, Entry.NONE);
            }
        }
    }

    /** Clusters that the layer has. */
    long clusterCount() {
        return clusterCount;
    }

    PageDirectory directory() {
        return directory;
    }

    BitSet changedPages() {
        return changedPages;
    }

    /** What the layer has at {@code index}; nothing beyond its end. */
    long entry(long index) {
        int leaf = leaf(index);
        return leaf < 0 ? Entry.NONE : store.get(leaf, (int) index & (LeafStore.ENTRIES - 1));
    }

    private int leaf(long index) {
        int trunk = (int) (index >>> (LeafStore.ENTRIES_SHIFT + TRUNK_SHIFT));
        if (trunk >= trunks.length) {
            return -1;
        }
        int[] leaves = trunks[trunk];
        return leaves == null ? -1 : leaves[(int) (index >>> LeafStore.ENTRIES_SHIFT) & (TRUNK_LEAVES - 1)] - 1;
    }

    /** Changes an entry; the change goes to the journal with the next commit and to a page with the next checkpoint. */
    void set(long index, long entry) {
        int leaf = leafFor(index);
        int slot = (int) index & (LeafStore.ENTRIES - 1);
        count(store.get(leaf, slot), entry);
        store.set(leaf, slot, entry);
        markChanged(index);
    }

    /** The next checkpoint writes the page to another place. */
    void rewrite(int page) {
        markChanged((long) page << MapPage.ENTRIES_SHIFT);
    }

    private void markChanged(long index) {
        int page = (int) (index >>> MapPage.ENTRIES_SHIFT);
        if (!changedPages.get(page)) {
            changedPages.set(page);
            store.pagesChanged(1);
        }
    }

    /** Sets an entry as it was found on the drives. */
    void load(long index, long entry) {
        int leaf = leafFor(index);
        int slot = (int) index & (LeafStore.ENTRIES - 1);
        count(store.get(leaf, slot), entry);
        store.put(leaf, slot, entry);
    }

    private void count(long before, long after) {
        clusterCount += (Entry.mapped(after) ? 1 : 0) - (Entry.mapped(before) ? 1 : 0);
    }

    private int leafFor(long index) {
        int leaf = leaf(index);
        if (leaf >= 0) {
            return leaf;
        }
        int trunk = (int) (index >>> (LeafStore.ENTRIES_SHIFT + TRUNK_SHIFT));
        int[] leaves = trunks[trunk];
        if (leaves == null) {
            leaves = new int[TRUNK_LEAVES];
            trunks[trunk] = leaves;
        }
        leaf = store.allocate(layer, (int) (index >>> LeafStore.ENTRIES_SHIFT));
        leaves[(int) (index >>> LeafStore.ENTRIES_SHIFT) & (TRUNK_LEAVES - 1)] = leaf + 1;
        return leaf;
    }

    /**
     * First index from {@code from} on that may have an entry: whole leaves that are not there are passed over.
     *
     * @return {@code Long.MAX_VALUE} when there is none
     */
    long next(long from) {
        long index = from;
        while (true) {
            int trunk = (int) (index >>> (LeafStore.ENTRIES_SHIFT + TRUNK_SHIFT));
            if (trunk >= trunks.length) {
                return Long.MAX_VALUE;
            }
            if (trunks[trunk] == null) {
                index = (long) (trunk + 1) << (LeafStore.ENTRIES_SHIFT + TRUNK_SHIFT);
                continue;
            }
            if (leaf(index) >= 0) {
                return index;
            }
            index = ((index >>> LeafStore.ENTRIES_SHIFT) + 1) << LeafStore.ENTRIES_SHIFT;
        }
    }

    /**
     * Writes a page into {@code target} and takes it as unchanged from now on; leaves without entries are given back.
     *
     * @return false when there is nothing in it: it needs no place
     */
    boolean serialize(int page, MemorySegment target, long at) {
        changedPages.clear(page);
        store.pagesChanged(-1);
        target.asSlice(at, Geometry.BLOCK_BYTES).fill((byte) 0);
        boolean any = false;
        for (int i = 0; i < PAGE_LEAVES; i++) {
            int number = (page << PAGE_LEAVES_SHIFT) + i;
            int leaf = leaf((long) number << LeafStore.ENTRIES_SHIFT);
            if (leaf < 0) {
                continue;
            }
            long there = at + (long) i * LEAF_BYTES;
            store.getAll(leaf, target, ENTRY, there);
            boolean inLeaf = hasEntries(target, there);
            any |= inLeaf;
            if (!inLeaf && !store.hasChanges(leaf)) {
                drop(number, leaf);
            }
        }
        return any;
    }

    /** Sets an entry that the journal has and the pages have not: the next checkpoint writes its page. */
    void loadChanged(long index, long entry) {
        load(index, entry);
        markChanged(index);
    }

    /** The layer is gone: none of its pages will be written. */
    void forgetChanges() {
        store.pagesChanged(-changedPages.cardinality());
        changedPages.clear();
    }

    /** Takes over a page as it was found on a drive; what lies at {@code end} and behind is left out. */
    void load(int page, MemorySegment source, long at, long end) {
        for (int i = 0; i < PAGE_LEAVES; i++) {
            long first = ((long) page << MapPage.ENTRIES_SHIFT) + (long) i * LeafStore.ENTRIES;
            long there = at + (long) i * LEAF_BYTES;
            if (!hasEntries(source, there)) {
                continue;
            }
            if (first + LeafStore.ENTRIES <= end && leaf(first) < 0) {
                store.putAll(leafFor(first), source, ENTRY, there);
                clusterCount += countMapped(source, there);
            } else {
                loadEach(first, source, there, end);
            }
        }
    }

    private static boolean hasEntries(MemorySegment memory, long at) {
        long any = 0;
        for (int i = 0; i < LeafStore.ENTRIES; i++) {
            any |= memory.get(ENTRY, at + ((long) i << 3));
        }
        return any != 0;
    }

    private static int countMapped(MemorySegment memory, long at) {
        int mapped = 0;
        for (int i = 0; i < LeafStore.ENTRIES; i++) {
            mapped += Entry.mapped(memory.get(ENTRY, at + ((long) i << 3))) ? 1 : 0;
        }
        return mapped;
    }

    private void loadEach(long first, MemorySegment source, long at, long end) {
        for (int i = 0; i < LeafStore.ENTRIES; i++) {
            long entry = source.get(ENTRY, at + ((long) i << 3));
            if (entry == Entry.NONE) {
                continue;
            }
            long index = first + i;
            if (index < end) {
                load(index, entry);
            } else {
                // The layer was cut while the page was written: it must not be found there once more.
                markChanged(index);
            }
        }
    }

    /** Gives back all leaves: the layer is gone. */
    void drop() {
        for (long index = next(0); index != Long.MAX_VALUE; index = next(index)) {
            dropLeaf(index);
        }
        forgetChanges();
    }

    /** Takes what a leaf has. */
    interface LeafSink {
        /** @param first index of its first entry */
        void leaf(long first, int leaf);
    }

    /** Hands over all leaves, by rising index; {@code sink} may set entries of the leaf that it is told of. */
    void forEachLeaf(LeafSink sink) {
        for (long index = next(0); index != Long.MAX_VALUE; index = next(index + LeafStore.ENTRIES)) {
            sink.leaf(index & -LeafStore.ENTRIES, leaf(index));
        }
    }

    private void drop(int number, int leaf) {
        int[] leaves = trunks[number >>> TRUNK_SHIFT];
        if (leaves != null) {
            leaves[number & (TRUNK_LEAVES - 1)] = 0;
            store.release(leaf);
        }
    }

    /** Gives back the leaf that {@code index} lies in, and all in it. */
    void dropLeaf(long index) {
        int leaf = leaf(index);
        if (leaf >= 0) {
            for (int slot = 0; slot < LeafStore.ENTRIES; slot++) {
                count(store.get(leaf, slot), Entry.NONE);
            }
            drop((int) (index >>> LeafStore.ENTRIES_SHIFT), leaf);
        }
    }
}

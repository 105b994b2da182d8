package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;

/**
 * What a layer has at one cluster index, in 64 bits: which of the 16 blocks were written here (bits 63-48), which read
 * zero here whatever lies below (47-32), and the number of the cluster that holds the written ones plus 1 (31-0).
 * 0: nothing.
 */
final class Entry {
    static final long NONE = 0;
    private static final int WRITTEN_SHIFT = 48;
    private static final int ZEROED_SHIFT = 32;
    private static final long ZEROED_BITS = 0xffffL << ZEROED_SHIFT;
    private static final long CLUSTER_BITS = 0xffff_ffffL;
    static final int ALL_BLOCKS = 0xffff;

    private Entry() {}

    static long of(long cluster, int written, int zeroed) {
        return (long) written << WRITTEN_SHIFT | (long) zeroed << ZEROED_SHIFT | (cluster + 1);
    }

    static boolean mapped(long entry) {
        return (entry & CLUSTER_BITS) != 0;
    }

    /** Number of the cluster, of a mapped entry. */
    static long cluster(long entry) {
        return (entry & CLUSTER_BITS) - 1;
    }

    /** A bit for each block that was written. */
    static int written(long entry) {
        return (int) (entry >>> WRITTEN_SHIFT);
    }

    /** A bit for each block that reads zero. */
    static int zeroed(long entry) {
        return (int) (entry >>> ZEROED_SHIFT) & ALL_BLOCKS;
    }

    /** The entry with the blocks written and no longer zeroed. */
    static long withWritten(long entry, int blocks) {
        return (entry | (long) blocks << WRITTEN_SHIFT) & ~((long) blocks << ZEROED_SHIFT);
    }

    /** The entry in which the blocks read zero: by a bit of their own where something lies below. */
    static long withZeroed(long entry, int blocks, boolean hides) {
        long cleared = entry & ~((long) blocks << WRITTEN_SHIFT);
        return hides ? cleared | (long) blocks << ZEROED_SHIFT : cleared & ~((long) blocks << ZEROED_SHIFT);
    }

    /** The entry with another cluster of the same content. */
    static long moved(long entry, long cluster) {
        return (entry & ~CLUSTER_BITS) | (cluster + 1);
    }

    /** The entry without its cluster, of which no block is written. */
    static long unmapped(long entry) {
        return entry & ZEROED_BITS;
    }

    /** A bit for each block that {@code length} bytes from {@code within} touch, inside one cluster. */
    static int blocks(int within, int length) {
        int first = within >>> Geometry.BLOCK_SHIFT;
        int last = (within + length - 1) >>> Geometry.BLOCK_SHIFT;
        return (ALL_BLOCKS >>> (Geometry.CLUSTER_BLOCKS - 1 - last)) & (ALL_BLOCKS << first);
    }

    /** True when all of {@code blocks} were written here. */
    static boolean hasWritten(long entry, int blocks) {
        return ((entry >>> WRITTEN_SHIFT) & blocks) == blocks;
    }
}

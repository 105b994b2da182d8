package io.vnvme.pool.mirror;

/**
 * Where a mirror's own records lie on each of its drives, and how fine they are (docs/formats/mirror.md).
 *
 * <p>Blocks of 4 KiB, beginning at {@link #OFFSET}: two headers, written by turns; four pages of intent; nine pages of stale
 * regions, divided among the replicas that can be absent at once. What the bits stand for grows with the drive, so that the
 * area never does.
 */
final class AreaGeometry {
    /** Right behind the superblock. */
    static final long OFFSET = 4096;

    static final int BLOCK_BYTES = 4096;
    static final int HEADER_BLOCKS = 2;
    static final int INTENT_PAGES = 4;
    static final int STALE_PAGES = 9;
    static final int PAGES = INTENT_PAGES + STALE_PAGES;
    static final long BYTES = (long) (HEADER_BLOCKS + PAGES) * BLOCK_BYTES;
    /** First byte that is mirrored: before it each drive has a superblock and records of its own. */
    static final long DATA_OFFSET = OFFSET + BYTES;

    /** Its own records, one block, and the last superblock. */
    static final long SIZE_MIN = DATA_OFFSET + 2 * BLOCK_BYTES;

    static final long SIZE_MAX = 1L << 52;
    static final int REPLICAS_MAX = 4;
    /** 64 MiB: a first write waits for its mark once in that much, and a crash costs the copying of that much. */
    private static final int INTENT_SHIFT_MIN = 26;
    /** 1 MiB: the step of a rebuild. */
    private static final int STALE_SHIFT_MIN = 20;

    private AreaGeometry() {}

    static int planeCount(int replicaCount) {
        return replicaCount - 1;
    }

    static int pagesPerPlane(int replicaCount) {
        return STALE_PAGES / planeCount(replicaCount);
    }

    static int firstPage(int plane, int replicaCount) {
        return INTENT_PAGES + plane * pagesPerPlane(replicaCount);
    }

    /** Binary logarithm of the bytes that one bit of intent stands for. */
    static int intentShift(long sizeBytes) {
        return shift(sizeBytes, INTENT_PAGES, INTENT_SHIFT_MIN);
    }

    static int staleShift(long sizeBytes, int replicaCount) {
        return shift(sizeBytes, pagesPerPlane(replicaCount), STALE_SHIFT_MIN);
    }

    private static int shift(long sizeBytes, int pages, int least) {
        long bits = (long) pages * BitPages.BITS_PER_PAGE;
        int shift = least;
        while ((sizeBytes - 1 >>> shift) >= bits) {
            shift++;
        }
        return shift;
    }

    /** Where page {@code index} lies on a drive. */
    static long pageOffset(int index) {
        return OFFSET + (long) (HEADER_BLOCKS + index) * BLOCK_BYTES;
    }

    static long headerOffset(long generation) {
        return OFFSET + (generation & 1) * BLOCK_BYTES;
    }

    /** End of what is mirrored: the last block is a superblock of the drive's own. */
    static long dataEnd(long sizeBytes) {
        return (sizeBytes & -BLOCK_BYTES) - BLOCK_BYTES;
    }
}

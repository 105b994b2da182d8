package io.vnvme.pool.format;

/**
 * A page of a layer's map as it lies on a drive: 512 entries, u64 each, little endian; the CRC32C is with who refers to
 * it. A directory page refers to 256 map pages, by a u64 page number plus one (0: no page), a u32 CRC32C and a u32 0.
 * A page number is a cluster's number times 16 plus the block within the cluster.
 */
public final class MapPage {
    public static final int ENTRIES = 512;
    public static final int ENTRIES_SHIFT = 9;
    public static final int REFERENCES = 256;
    public static final int REFERENCES_SHIFT = 8;
    public static final int REFERENCE_BYTES = 16;

    private MapPage() {}

    public static long number(long cluster, int block) {
        return cluster << 4 | block;
    }

    public static long cluster(long pageNumber) {
        return pageNumber >>> 4;
    }

    /** Where in its cluster the page begins, in bytes. */
    public static int offsetInCluster(long pageNumber) {
        return (int) (pageNumber & 15) << Geometry.BLOCK_SHIFT;
    }
}

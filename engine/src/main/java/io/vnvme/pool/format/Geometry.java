package io.vnvme.pool.format;

/** The units of a pool. */
public final class Geometry {
    /** What is mapped, journalled and checked as one: a block. */
    public static final int BLOCK_BYTES = 4096;

    public static final int BLOCK_SHIFT = 12;
    /** What is allocated as one: a cluster. */
    public static final int CLUSTER_BYTES = 64 << 10;

    public static final int CLUSTER_SHIFT = 16;
    public static final int CLUSTER_BLOCKS = CLUSTER_BYTES / BLOCK_BYTES;
    /** Most clusters that a pool numbers: 256 TiB. Numbers are stored plus one in 32 bits. */
    public static final long CLUSTERS_MAX = (1L << 32) - (1 << 14);
    /** Sets begin at multiples of this many clusters, 1 GiB: a table of them finds a cluster's set. */
    public static final int SET_ALIGNMENT_SHIFT = 14;

    /** Largest volume: 2^32 clusters. */
    public static final long VOLUME_BYTES_MAX = 1L << 48;

    /** First byte of a drive's journal area; before it lies superblock A. */
    public static final long JOURNAL_OFFSET = CLUSTER_BYTES;

    public static final long JOURNAL_BYTES_MIN = 64 << 10;
    public static final long JOURNAL_BYTES_MAX = 128 << 20;

    /** Bytes of checksums that a cluster has in the checksum area: a CRC32C for each block. */
    public static final int CHECKSUM_BYTES_PER_CLUSTER = CLUSTER_BLOCKS * 4;

    /** The journal that suits a set of this size: a 256th of it. */
    public static long journalBytes(long setBytes) {
        long wanted = (setBytes >>> 8) & -CLUSTER_BYTES;
        return Math.clamp(wanted, 4 * JOURNAL_BYTES_MIN, JOURNAL_BYTES_MAX);
    }

    /** Where superblock B of a drive lies: its last whole block. */
    public static long secondSuperblock(long driveBytes) {
        return (driveBytes & -BLOCK_BYTES) - BLOCK_BYTES;
    }

    /** First byte of a set's checksum area. */
    public static long checksumOffset(long journalBytes) {
        return JOURNAL_OFFSET + journalBytes;
    }

    /** Clusters that a drive of this size has room for; less than 1 when it is too small. */
    public static long clusterCount(long driveBytes, long journalBytes) {
        long room = secondSuperblock(driveBytes) - checksumOffset(journalBytes) - CLUSTER_BYTES;
        return room < 0 ? 0 : room / (CLUSTER_BYTES + CHECKSUM_BYTES_PER_CLUSTER);
    }

    /** First byte of cluster 0 of a set. */
    public static long dataOffset(long clusterCount, long journalBytes) {
        long end = checksumOffset(journalBytes) + clusterCount * CHECKSUM_BYTES_PER_CLUSTER;
        return (end + CLUSTER_BYTES - 1) & -CLUSTER_BYTES;
    }

    private Geometry() {}
}

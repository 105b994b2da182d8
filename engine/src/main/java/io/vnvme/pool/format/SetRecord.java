package io.vnvme.pool.format;

/**
 * A set of a pool as its superblocks describe it.
 *
 * @param firstCluster number of its first cluster in the pool, a multiple of 2^{@link Geometry#SET_ALIGNMENT_SHIFT}
 * @param clusterCount clusters that it has
 * @param dataOffsetBytes where its first cluster begins on each of its drives, in bytes
 * @param draining true while it is emptied to be taken out: nothing new is put there
 */
public record SetRecord(long firstCluster, long clusterCount, long dataOffsetBytes, boolean draining) {
    static final int SIZE = 32;

    /** True when the cluster lies in this set. */
    public boolean contains(long cluster) {
        return cluster >= firstCluster && cluster < firstCluster + clusterCount;
    }

    public SetRecord withDraining(boolean value) {
        return new SetRecord(firstCluster, clusterCount, dataOffsetBytes, value);
    }
}

package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.pool.mirror.AllocatedRanges;
import java.util.function.Supplier;

/** What of a mirror has content: everything before the first cluster, and the clusters in use. */
final class ClusterRanges implements AllocatedRanges {
    /** Clusters looked at for content in one pass. */
    private static final int LOOKS_MAX = 1 << 14;
    /** Clusters in one run: more than a step of a copy. */
    private static final int RUN_MAX = 64;

    private final ClusterSpace space;
    private final Supplier<SetRecord> record;

    ClusterRanges(ClusterSpace space, Supplier<SetRecord> record) {
        this.space = space;
        this.record = record;
    }

    @Override
    public long next(long fromBytes) {
        SetRecord set = record.get();
        if (fromBytes < set.dataOffsetBytes()) {
            return fromBytes;
        }
        long index = fromBytes - set.dataOffsetBytes() >>> Geometry.CLUSTER_SHIFT;
        for (long at = index; at < set.clusterCount(); at++) {
            // Not all of a large empty pool in one pass of the reactor: copying a cluster too much does no harm.
            if (space.isUsed(set.firstCluster() + at) || at - index == LOOKS_MAX) {
                return Math.max(fromBytes, start(set, at));
            }
        }
        return Long.MAX_VALUE;
    }

    @Override
    public long end(long fromBytes) {
        SetRecord set = record.get();
        if (fromBytes < set.dataOffsetBytes()) {
            return set.dataOffsetBytes();
        }
        long index = fromBytes - set.dataOffsetBytes() >>> Geometry.CLUSTER_SHIFT;
        long last = Math.min(set.clusterCount(), index + RUN_MAX);
        do {
            index++;
        } while (index < last && space.isUsed(set.firstCluster() + index));
        return start(set, index);
    }

    private static long start(SetRecord set, long index) {
        return set.dataOffsetBytes() + (index << Geometry.CLUSTER_SHIFT);
    }
}

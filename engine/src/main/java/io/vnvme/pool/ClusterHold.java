package io.vnvme.pool;

import org.jspecify.annotations.Nullable;

/** One cluster of a layer without writes of guests for a while: begun ones have ended, and their checksums are kept. */
final class ClusterHold {
    private final Pool pool;
    private final Layer layer;
    private final long firstBlock;
    private final long endBlock;
    private @Nullable PoolVolume volume;

    ClusterHold(Pool pool, Layer layer, long index) {
        this.pool = pool;
        this.layer = layer;
        firstBlock = index << 4;
        endBlock = index + 1 << 4;
    }

    private static @Nullable PoolVolume writer(Pool pool, Layer layer) {
        PoolVolume owner = pool.volumes().get(layer.record().name());
        return owner != null && owner.layer() == layer ? owner : null;
    }

    /** Whether guests may write the cluster, and what they have begun would be in the way. */
    static boolean locked(Pool pool, Layer layer, long index) {
        PoolVolume owner = writer(pool, layer);
        return owner != null && owner.locks().intersects(index << 4, index + 1 << 4);
    }

    /** Locks the cluster, and runs {@code held} when writes that began before have ended, perhaps inside. */
    void take(Runnable held) {
        PoolVolume owner = writer(pool, layer);
        volume = owner;
        if (owner != null) {
            owner.locks().lock(firstBlock, endBlock);
        }
        pool.drain().afterPresent(() -> whenSummed(held));
    }

    /** Between a write's end on the drive and its checksums, those are older than the data. */
    private void whenSummed(Runnable held) {
        PoolVolume owner = volume;
        GuardedVolume guard = owner == null ? null : owner.guard();
        if (guard != null && guard.summing(firstBlock, endBlock - 1) && !pool.stopped()) {
            pool.later(() -> whenSummed(held));
        } else {
            held.run();
        }
    }

    /** Writes go on. */
    void release() {
        PoolVolume owner = volume;
        if (owner != null && !owner.closed()) {
            owner.unlock(firstBlock, endBlock);
        }
    }
}

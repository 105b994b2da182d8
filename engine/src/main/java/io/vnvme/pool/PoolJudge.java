package io.vnvme.pool;

import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.mirror.BlockJudge;
import java.lang.foreign.MemorySegment;

/**
 * Judges blocks of one mirror by their checksums, where these count for certain: of clusters that were found to be of a layer with
 * checksums, in regions that nothing was written to since their values were. Whether a block is needed is known from the maps.
 */
final class PoolJudge implements BlockJudge {
    private final Pool pool;
    private final int set;
    private final UnneededBlock unneeded;
    private boolean loading;

    PoolJudge(Pool pool, int set) {
        this.pool = pool;
        this.set = set;
        unneeded = new UnneededBlock(pool);
    }

    private static long cluster(PoolSet of, long offsetBytes) {
        return of.record().firstCluster() + (offsetBytes - of.record().dataOffsetBytes() >> Geometry.CLUSTER_SHIFT);
    }

    /** Loads the pages of checksums one after the other. One that comes may go again before it is needed: then nothing is known. */
    @Override
    public boolean ready(long offsetBytes, long lengthBytes) {
        PoolSet of = pool.sets().get(set);
        ChecksumArea area = pool.checksums().of(of);
        if (pool.stopped() || area.failed()) {
            return true;
        }
        long first = Math.max(cluster(of, offsetBytes), of.record().firstCluster());
        long last = cluster(of, offsetBytes + lengthBytes - 1);
        for (long cluster = first; !loading && cluster <= last; cluster++) {
            if (pool.space().summed(cluster) && !area.ready(PoolChecksums.within(of, cluster))) {
                loading = true;
                area.load(PoolChecksums.within(of, cluster), () -> loading = false);
            }
        }
        return !loading;
    }

    @Override
    public boolean right(long offsetBytes, MemorySegment block) {
        PoolSet of = pool.sets().get(set);
        long cluster = cluster(of, offsetBytes);
        long within = PoolChecksums.within(of, cluster);
        ChecksumArea area = pool.checksums().of(of);
        if (within < 0 || !pool.space().summed(cluster) || !area.settled(within)) {
            return false;
        }
        int number = (int) (offsetBytes >> Geometry.BLOCK_SHIFT) & Geometry.CLUSTER_BLOCKS - 1;
        int known = area.get(within, number);
        return known != ChecksumArea.UNKNOWN
                && known == ChecksumArea.stored(Checksum.of(block, 0, Geometry.BLOCK_BYTES));
    }

    @Override
    public Need need(long offsetBytes) {
        PoolSet of = pool.sets().get(set);
        if (offsetBytes < of.record().dataOffsetBytes()) {
            return Need.NEEDED;
        }
        return unneeded.need(
                cluster(of, offsetBytes), 1 << (offsetBytes >> Geometry.BLOCK_SHIFT & Geometry.CLUSTER_BLOCKS - 1));
    }

    @Override
    public void over() {
        pool.space().forgetSummed(set);
    }
}

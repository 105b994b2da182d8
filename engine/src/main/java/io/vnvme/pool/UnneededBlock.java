package io.vnvme.pool;

import io.vnvme.drive.IoStatus;
import io.vnvme.pool.mirror.BlockJudge.Need;

/**
 * Whether a block that cannot be read is one that nobody has written: then a rebuild need not have it. One block is asked about at
 * a time, and seldom: all maps are looked through for it.
 */
final class UnneededBlock {
    private final Pool pool;
    /** The cluster that is asked about, and the block as a bit. */
    private long cluster = -1;

    private int block;
    private boolean durable;

    UnneededBlock(Pool pool) {
        this.pool = pool;
    }

    /** @param bit a bit of 16 for a block of the cluster */
    Need need(long in, int bit) {
        if (in != cluster || bit != block) {
            cluster = in;
            block = bit;
            durable = false;
            if (needed()) {
                return Need.NEEDED;
            }
            askForCommit();
        }
        if (!durable) {
            return pool.stopped() ? Need.NEEDED : Need.NOT_KNOWN_YET;
        }
        cluster = -1;
        // Written meanwhile, it was written to all replicas, and can be read.
        return needed() ? Need.NOT_KNOWN_YET : Need.UNNEEDED;
    }

    /** The block may have been given up a moment ago: a crash must not bring it back. */
    private void askForCommit() {
        long asked = cluster;
        int askedBlock = block;
        pool.commit().request(status -> durable |= status == IoStatus.OK && asked == cluster && askedBlock == block);
    }

    private boolean needed() {
        if (pool.pages().isMetadata(cluster)) {
            return pool.pages().uses(cluster, block);
        }
        for (Layer layer : pool.layers().all()) {
            LayerMap map = layer.map();
            for (long index = map.next(0); index != Long.MAX_VALUE; index = map.next(index + 1)) {
                long entry = map.entry(index);
                if (Entry.mapped(entry) && Entry.cluster(entry) == cluster) {
                    return (Entry.written(entry) & block) != 0;
                }
            }
        }
        return false;
    }
}

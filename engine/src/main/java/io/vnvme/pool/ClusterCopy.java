package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Copies blocks of one cluster to the same places of another, while guests' writes to it wait.
 *
 * <p>What is copied, and where, is asked for only when writes that began before the lock have ended.
 */
final class ClusterCopy {
    /** What is to be done, and what it means that it was. On the pool's reactor. */
    interface Job {
        /** @return false when there is nothing to copy any more */
        boolean still();

        long source();

        long target();

        /** The blocks to copy, a bit each. */
        int blocks();

        /** All is copied: the maps may say so. */
        void copied();

        /** The copy is over, whether it was made or not; writes go on. */
        void over(int status);
    }

    private final Pool pool;
    private final Layer layer;
    private final long index;
    private final Job job;
    private final @Nullable PoolVolume volume;
    private final MemorySegment buffer = Arena.ofAuto().allocate(Geometry.CLUSTER_BYTES, Geometry.BLOCK_BYTES);
    private int period;
    private int blocks;
    private int outstanding;
    private int status = IoStatus.OK;

    /** @param layer whose entry at {@code index} the copy is about */
    ClusterCopy(Pool pool, Layer layer, long index, Job job) {
        this.pool = pool;
        this.layer = layer;
        this.index = index;
        this.job = job;
        PoolVolume owner = pool.volumes().get(layer.record().name());
        volume = owner != null && owner.layer() == layer ? owner : null;
    }

    /** Whether guests may write the cluster, and what they have begun would be in the way. */
    static boolean locked(Pool pool, Layer layer, long index) {
        PoolVolume owner = pool.volumes().get(layer.record().name());
        return owner != null && owner.layer() == layer && owner.locks().intersects(index << 4, (index + 1) << 4);
    }

    void start() {
        if (volume != null) {
            volume.locks().lock(index << 4, (index + 1) << 4);
        }
        pool.drain().afterPresent(this::read);
    }

    private boolean present() {
        return pool.layers().byId(layer.id()) == layer && job.still();
    }

    private void read() {
        period = pool.drain().enter();
        if (!present()) {
            over();
            return;
        }
        blocks = job.blocks();
        transfer(Io.READ, job.source(), this::write);
    }

    private void write() {
        if (!present()) {
            over();
            return;
        }
        transfer(Io.WRITE, job.target(), this::moveChecksums);
    }

    /** Moves all blocks between the buffer and a cluster, run by run. */
    private void transfer(int operation, long cluster, Runnable next) {
        int left = blocks;
        outstanding = 1;
        PoolSet set = pool.sets().of(cluster);
        while (left != 0) {
            int first = Integer.numberOfTrailingZeros(left);
            int length = Integer.numberOfTrailingZeros(~(left >>> first));
            left &= ~(((1 << length) - 1) << first);
            Io io = new Io((_, answer) -> ended(answer, set, operation, next));
            long offset = (long) first << Geometry.BLOCK_SHIFT;
            io.prepare(operation, set.offset(cluster) + offset, (long) length << Geometry.BLOCK_SHIFT, false);
            io.data().add(buffer, offset, (long) length << Geometry.BLOCK_SHIFT);
            outstanding++;
            int answer = set.drive().submit(io);
            if (answer != IoStatus.PENDING) {
                ended(answer, set, operation, next);
            }
        }
        ended(IoStatus.OK, set, Io.READ, next);
    }

    private void ended(int answer, PoolSet set, int operation, Runnable next) {
        if (answer != IoStatus.OK) {
            status = answer;
        } else if (operation == Io.WRITE) {
            set.written();
        }
        if (--outstanding == 0) {
            if (pool.stopped()) {
                // The maps may be gone.
                status = IoStatus.WRITE_ERROR;
            }
            if (status == IoStatus.OK) {
                next.run();
            } else {
                over();
            }
        }
    }

    /** The blocks keep the checksums that they have: one that is wrong is found out later as well. */
    private void moveChecksums() {
        if (!present()) {
            over();
            return;
        }
        if (!layer.record().checksums()) {
            switchOver();
            return;
        }
        long[] clusters = {job.source(), job.target()};
        for (long cluster : clusters) {
            PoolSet set = pool.sets().of(cluster);
            ChecksumArea area = pool.checksums().of(set);
            if (area.failed()) {
                status = IoStatus.READ_ERROR;
                over();
                return;
            }
            if (!area.ready(PoolChecksums.within(set, cluster))) {
                area.load(PoolChecksums.within(set, cluster), this::moveChecksums);
                return;
            }
        }
        PoolSet from = pool.sets().of(clusters[0]);
        PoolSet to = pool.sets().of(clusters[1]);
        long source = PoolChecksums.within(from, clusters[0]);
        long target = PoolChecksums.within(to, clusters[1]);
        ChecksumArea sums = pool.checksums().of(to);
        sums.note(target);
        for (int left = blocks; left != 0; left &= left - 1) {
            int block = Integer.numberOfTrailingZeros(left);
            sums.put(target, block, pool.checksums().of(from).get(source, block));
        }
        switchOver();
    }

    private void switchOver() {
        if (present()) {
            job.copied();
            pool.changed();
        }
        over();
    }

    private void over() {
        pool.drain().leave(period);
        job.over(status);
        if (volume != null && !volume.closed()) {
            volume.unlock(index << 4, (index + 1) << 4);
        }
    }
}

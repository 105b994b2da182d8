package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

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
    private final Job job;
    private final ClusterHold hold;
    private final BadBlock badBlock;
    private final MemorySegment buffer = Arena.ofAuto().allocate(Geometry.CLUSTER_BYTES, Geometry.BLOCK_BYTES);
    private int period;
    private int blocks;
    /** Blocks that were read and not compared with their checksums yet. */
    private int unverified;

    private int outstanding;
    private int status = IoStatus.OK;

    /** @param layer whose entry at {@code index} the copy is about */
    ClusterCopy(Pool pool, Layer layer, long index, Job job) {
        this.pool = pool;
        this.layer = layer;
        this.job = job;
        hold = new ClusterHold(pool, layer, index);
        badBlock = new BadBlock(pool, _ -> verify());
    }

    void start() {
        hold.take(this::read);
    }

    private boolean present() {
        return pool.layers().has(layer) && job.still();
    }

    private void read() {
        period = pool.drain().enter();
        if (!present()) {
            over();
            return;
        }
        blocks = job.blocks();
        unverified = layer.record().checksums() ? blocks : 0;
        transfer(Io.READ, job.source(), this::verify);
    }

    /**
     * A copy of what one replica has wrong would be wrong on all: in its place goes what another one has right. What none has
     * right is copied as it is, and stays an error by the checksum that it keeps.
     */
    private void verify() {
        if (pool.stopped()) {
            status = IoStatus.WRITE_ERROR;
        }
        if (status != IoStatus.OK || !present()) {
            over();
            return;
        }
        while (unverified != 0) {
            long source = job.source();
            if (!summed(source, this::verify)) {
                return;
            }
            PoolSet set = pool.sets().of(source);
            int block = Integer.numberOfTrailingZeros(unverified);
            int known = pool.checksums().of(set).get(PoolChecksums.within(set, source), block);
            long at = (long) block << Geometry.BLOCK_SHIFT;
            unverified &= unverified - 1;
            if (known != ChecksumArea.UNKNOWN
                    && ChecksumArea.stored(Checksum.of(buffer, at, Geometry.BLOCK_BYTES)) != known
                    && badBlock.read(set, source << 4 | block, known, buffer, at) == IoStatus.PENDING) {
                return;
            }
        }
        write();
    }

    /** False when a cluster's checksums are not there: {@code then} is run when they may be, or the copy is over. */
    private boolean summed(long cluster, Runnable then) {
        PoolSet set = pool.sets().of(cluster);
        ChecksumArea area = pool.checksums().of(set);
        if (area.failed()) {
            status = IoStatus.READ_ERROR;
            over();
            return false;
        }
        if (!area.ready(PoolChecksums.within(set, cluster))) {
            area.load(PoolChecksums.within(set, cluster), then);
            return false;
        }
        return true;
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
        if (!summed(job.source(), this::moveChecksums) || !summed(job.target(), this::moveChecksums)) {
            return;
        }
        PoolSet from = pool.sets().of(job.source());
        PoolSet to = pool.sets().of(job.target());
        long source = PoolChecksums.within(from, job.source());
        long target = PoolChecksums.within(to, job.target());
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
        hold.release();
    }
}

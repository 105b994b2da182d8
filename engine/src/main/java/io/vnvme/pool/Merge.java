package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts what shows through a hidden layer into the one layer that stands on it, cluster by cluster, until the hidden one
 * is empty and goes.
 *
 * <p>Where the upper one has no cluster, it takes the lower one's. Where it covers all that the lower one has, that is
 * freed. Only where both have something are blocks copied, at most 15 of a cluster; guests' writes to the cluster wait
 * meanwhile. Each cluster is moved in one step of the journal, and reads see the same before and after.
 */
final class Merge {
    private static final int SLICE = 1024;
    private static final int COPIES_MAX = 8;

    private final Pool pool;
    private final Layer lower;
    private final Layer upper;
    private final List<Copy> copies = new ArrayList<>();
    private long index;
    private boolean ended;

    Merge(Pool pool, Layer lower, Layer upper) {
        this.pool = pool;
        this.lower = lower;
        this.upper = upper;
        this.index = lower.map().next(0);
    }

    boolean ended() {
        return ended;
    }

    /** Goes on. @return how much was done */
    int poll() {
        if (pool.layers().byId(upper.id()) != upper || pool.closing()) {
            // The upper layer went: the lower one is looked at anew when what is under way has ended.
            ended = copies.isEmpty();
            return 0;
        }
        int work = 0;
        while (index != Long.MAX_VALUE && work < SLICE && !pool.crowded() && copies.size() < COPIES_MAX) {
            work++;
            step(index);
            index = lower.map().next(index + 1);
        }
        if (pool.crowded()) {
            pool.commit().want();
        }
        if (index == Long.MAX_VALUE && copies.isEmpty()) {
            finish();
            work++;
        }
        return work;
    }

    private void step(long at) {
        long below = lower.map().entry(at);
        if (below == Entry.NONE) {
            return;
        }
        long above = upper.map().entry(at);
        int hidden = Entry.written(above) | Entry.zeroed(above) | ~upper.overlapping(at);
        int shows = Entry.written(below) & ~hidden;
        if (shows != 0 && Entry.mapped(above)) {
            Copy copy = new Copy(at);
            copies.add(copy);
            copy.start();
            return;
        }
        int zeros = Entry.zeroed(above) | Entry.zeroed(below) & ~hidden;
        if (shows != 0) {
            set(at, Entry.of(Entry.cluster(below), shows, zeros));
        } else {
            if (zeros != Entry.zeroed(above)) {
                set(at, Entry.withZeroed(above, zeros, true));
            }
            if (Entry.mapped(below)) {
                pool.space().free(Entry.cluster(below));
            }
        }
        lower.map().set(at, Entry.NONE);
        pool.changed();
    }

    private void set(long at, long entry) {
        upper.map().set(at, entry);
        pool.changed();
    }

    private void finish() {
        ended = true;
        Layer below = lower.parent();
        long overlap = Math.min(upper.record().overlapBytes(), lower.record().overlapBytes());
        pool.layers().put(upper.record().above(below == null ? 0 : below.id(), below == null ? 0 : overlap));
        pool.housekeeping().bury(lower);
        PoolVolume volume = pool.volumes().get(upper.record().name());
        if (volume != null) {
            volume.reserve();
        }
    }

    /** One cluster's blocks on their way from the lower layer's cluster to the upper's. */
    private final class Copy {
        private final long at;
        private final @Nullable PoolVolume volume;
        private final MemorySegment buffer = Arena.ofAuto().allocate(Geometry.CLUSTER_BYTES, Geometry.BLOCK_BYTES);
        private int period;
        private int blocks;
        private int left;
        private int outstanding;
        private int status = IoStatus.OK;

        Copy(long at) {
            this.at = at;
            PoolVolume owner = pool.volumes().get(upper.record().name());
            volume = owner != null && owner.layer() == upper ? owner : null;
            if (volume != null) {
                volume.locks().lock(at << 4, (at + 1) << 4);
            }
        }

        void start() {
            // Writes that began before the lock may still be on their way to the very blocks.
            pool.drain().afterPresent(this::read);
        }

        private void read() {
            period = pool.drain().enter();
            if (gone()) {
                release();
                return;
            }
            long above = upper.map().entry(at);
            long below = lower.map().entry(at);
            blocks = Entry.written(below) & ~(Entry.written(above) | Entry.zeroed(above)) & upper.overlapping(at);
            transfer(Io.READ, Entry.cluster(below), this::write);
        }

        private void write() {
            transfer(Io.WRITE, Entry.cluster(upper.map().entry(at)), this::switchOver);
        }

        /** Moves all blocks between the buffer and a cluster, run by run. */
        private void transfer(int operation, long cluster, Runnable next) {
            left = blocks;
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
                if (status == IoStatus.OK) {
                    next.run();
                } else {
                    giveUp();
                }
            }
        }

        private boolean gone() {
            return pool.layers().byId(upper.id()) != upper;
        }

        private void switchOver() {
            if (gone()) {
                release();
                return;
            }
            long below = lower.map().entry(at);
            long above = upper.map().entry(at);
            int zeros = Entry.zeroed(below) & upper.overlapping(at) & ~(Entry.written(above) | blocks);
            upper.map().set(at, Entry.withZeroed(Entry.withWritten(above, blocks), zeros, true));
            lower.map().set(at, Entry.NONE);
            pool.space().free(Entry.cluster(below));
            pool.changed();
            release();
        }

        /** The cluster stays in both layers: the merge is over, and is tried again after the next start. */
        private void giveUp() {
            release();
            ended = true;
        }

        private void release() {
            copies.remove(this);
            pool.drain().leave(period);
            if (volume != null && !volume.closed()) {
                volume.unlock(at << 4, (at + 1) << 4);
            }
        }
    }
}

package io.vnvme.pool;

import io.vnvme.drive.IoStatus;
import java.util.ArrayList;
import java.util.List;

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
    private boolean failed;
    private boolean again;

    Merge(Pool pool, Layer lower, Layer upper) {
        this.pool = pool;
        this.lower = lower;
        this.upper = upper;
        this.index = lower.map().next(0);
    }

    Layer lower() {
        return lower;
    }

    /** A drive reported an error. */
    boolean failed() {
        return failed;
    }

    boolean ended() {
        return ended;
    }

    /** Goes on. @return how much was done */
    int poll() {
        if (pool.layers().byId(upper.id()) != upper || pool.closing() || failed) {
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
            if (again) {
                again = false;
                index = lower.map().next(0);
            } else {
                finish();
            }
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
            if (ClusterHold.locked(pool, upper, at)) {
                // A write to a part of a block is being made whole just now: this cluster's turn comes again.
                again = true;
                return;
            }
            Copy copy = new Copy(at);
            copies.add(copy);
            new ClusterCopy(pool, upper, at, copy).start();
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
    private final class Copy implements ClusterCopy.Job {
        private final long at;
        private boolean done;

        Copy(long at) {
            this.at = at;
        }

        @Override
        public boolean still() {
            return Entry.mapped(upper.map().entry(at))
                    && Entry.mapped(lower.map().entry(at));
        }

        @Override
        public long source() {
            return Entry.cluster(lower.map().entry(at));
        }

        @Override
        public long target() {
            return Entry.cluster(upper.map().entry(at));
        }

        @Override
        public int blocks() {
            long above = upper.map().entry(at);
            return Entry.written(lower.map().entry(at))
                    & ~(Entry.written(above) | Entry.zeroed(above))
                    & upper.overlapping(at);
        }

        @Override
        public void copied() {
            int blocks = blocks();
            long below = lower.map().entry(at);
            long above = upper.map().entry(at);
            int zeros = Entry.zeroed(below) & upper.overlapping(at) & ~(Entry.written(above) | blocks);
            upper.map().set(at, Entry.withZeroed(Entry.withWritten(above, blocks), zeros, true));
            lower.map().set(at, Entry.NONE);
            pool.space().free(Entry.cluster(below));
            done = true;
        }

        /** A cluster that could not be copied stays in both layers: the merge is over, and tried again after a start. */
        @Override
        public void over(int status) {
            copies.remove(this);
            again |= !done;
            failed |= status != IoStatus.OK;
        }
    }
}

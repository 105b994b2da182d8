package io.vnvme.pool;

import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.MapPage;
import io.vnvme.pool.format.SetRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Empties a set while the pool is in use: data is copied cluster by cluster, metadata moves with the next checkpoint,
 * the journal goes to another set. The set is marked as draining first, so that a restart goes on with it.
 */
final class Relocation {
    private static final int SLICE = 1024;
    private static final int COPIES_MAX = 16;

    /** Told how far it is. */
    interface Progress {
        void progress(long doneClusters, long totalClusters);
    }

    private enum Step {
        DATA,
        METADATA,
        CHECKPOINT,
        EMPTY,
        ENDED
    }

    private final Pool pool;
    private final int set;
    private final Progress progress;
    private final Done done;
    private final long total;
    private final List<Copy> copies = new ArrayList<>();
    private List<Layer> layers = List.of();
    private int layerCursor;
    private long index;
    private boolean missed;
    private boolean waitingForSpace;
    private boolean cancelled;
    private Step step = Step.DATA;
    private @Nullable PoolException failure;

    Relocation(Pool pool, int set, Progress progress, Done done) {
        this.pool = pool;
        this.set = set;
        this.progress = progress;
        this.done = done;
        total = pool.space().usedCount(set);
        begin();
    }

    private void begin() {
        layers = List.copyOf(pool.layers().all());
        layerCursor = 0;
        index = 0;
        missed = false;
    }

    boolean ended() {
        return step == Step.ENDED;
    }

    int set() {
        return set;
    }

    /** Stops after what is under way; what was moved stays moved. */
    void cancel() {
        cancelled = true;
    }

    /** There may be space again for what had none. */
    void spaceFreed() {
        waitingForSpace = false;
    }

    /** Goes on. @return how much was done */
    int poll() {
        if (ended()) {
            return 0;
        }
        if (pool.stopped() || pool.closing() || cancelled) {
            if (copies.isEmpty() && step != Step.CHECKPOINT) {
                end(new PoolException(
                        cancelled ? PoolException.Reason.CANCELLED : PoolException.Reason.STOPPED,
                        "moving data off a drive was ended before its time"));
            }
            return 0;
        }
        return switch (step) {
            case DATA -> data();
            case METADATA -> metadata();
            case EMPTY -> empty();
            case CHECKPOINT, ENDED -> 0;
        };
    }

    private int data() {
        PoolException failed = failure;
        if (failed != null) {
            if (copies.isEmpty()) {
                end(failed);
            }
            return 0;
        }
        if (pool.crowded()) {
            pool.commit().want();
            return 0;
        }
        if (waitingForSpace || pool.housekeeping().merging()) {
            return 0;
        }
        int work = 0;
        while (work < SLICE && copies.size() < COPIES_MAX && layerCursor < layers.size() && !waitingForSpace) {
            work++;
            Layer layer = layers.get(layerCursor);
            index = pool.layers().byId(layer.id()) == layer ? layer.map().next(index) : Long.MAX_VALUE;
            if (index == Long.MAX_VALUE) {
                layerCursor++;
                index = 0;
            } else if (move(layer)) {
                index++;
            }
        }
        if (layerCursor == layers.size() && copies.isEmpty()) {
            if (missed) {
                begin();
            } else {
                step = Step.METADATA;
            }
            return 1;
        }
        return work;
    }

    /** @return false when there is no space to move to */
    private boolean move(Layer layer) {
        long entry = layer.map().entry(index);
        if (!Entry.mapped(entry) || pool.space().indexOf(Entry.cluster(entry)) != set) {
            return true;
        }
        if (ClusterHold.locked(pool, layer, index)) {
            missed = true;
            return true;
        }
        long target = pool.allocate(0);
        if (target < 0) {
            waitingForSpace = true;
            pool.commit().want();
            return false;
        }
        Copy copy = new Copy(layer, index, target);
        copies.add(copy);
        new ClusterCopy(pool, layer, index, copy).start();
        return true;
    }

    /** Pages that lie in the set are written anew by the next checkpoint, and so is the catalog always. */
    private int metadata() {
        for (Layer layer : pool.layers().all()) {
            PageDirectory directory = layer.map().directory();
            for (int page = 0; page < directory.length() << MapPage.REFERENCES_SHIFT; page++) {
                long place = directory.page(page);
                if (place != 0 && pool.space().indexOf(MapPage.cluster(place - 1)) == set) {
                    layer.map().rewrite(page);
                }
            }
            for (int part = 0; part < directory.length(); part++) {
                long place = directory.ownPage(part);
                if (place != 0 && pool.space().indexOf(MapPage.cluster(place - 1)) == set) {
                    directory.rewrite(part);
                }
            }
        }
        if (pool.journalSet().index() == set) {
            pool.moveJournal(pool.sets().present().stream()
                    .mapToInt(PoolSet::index)
                    .filter(other -> other != set)
                    .findFirst()
                    .orElseThrow());
        }
        step = Step.CHECKPOINT;
        pool.checkpoint().request(false, failed -> {
            failure = failed;
            step = failed == null ? Step.EMPTY : Step.DATA;
        });
        return 1;
    }

    private int empty() {
        if (pool.space().usedCount(set) > 0) {
            if (pool.space().pendingCount() == 0 && pool.housekeeping().corpseClusters() == 0) {
                // Something came meanwhile, such as the leftovers of a write: once more.
                step = Step.DATA;
                begin();
                return 1;
            }
            pool.commit().want();
            return 0;
        }
        step = Step.CHECKPOINT;
        pool.dropSet(set);
        pool.checkpoint().request(false, failed -> {
            step = Step.ENDED;
            done.done(failed);
        });
        return 1;
    }

    private void end(PoolException why) {
        step = Step.ENDED;
        done.done(why);
    }

    /** A cluster on its way to another set. */
    private final class Copy implements ClusterCopy.Job {
        private final Layer layer;
        private final long at;
        private final long target;
        private boolean used;

        Copy(Layer layer, long at, long target) {
            this.layer = layer;
            this.at = at;
            this.target = target;
        }

        @Override
        public boolean still() {
            long entry = layer.map().entry(at);
            return Entry.mapped(entry) && pool.space().indexOf(Entry.cluster(entry)) == set;
        }

        @Override
        public long source() {
            return Entry.cluster(layer.map().entry(at));
        }

        @Override
        public long target() {
            return target;
        }

        @Override
        public int blocks() {
            return Entry.written(layer.map().entry(at));
        }

        @Override
        public void copied() {
            long entry = layer.map().entry(at);
            layer.map().set(at, Entry.moved(entry, target));
            pool.space().free(Entry.cluster(entry));
            used = true;
        }

        @Override
        public void over(int status) {
            copies.remove(this);
            if (!used) {
                // Nothing durable ever referred to it.
                pool.space().releaseNow(target);
            }
            if (status != IoStatus.OK) {
                failure = new PoolException(
                        PoolException.Reason.DRIVE_FAILED, "data could not be moved: a drive reported an error");
            }
            progress.progress(total - Math.min(total, pool.space().usedCount(set)), total);
        }
    }

    /** What a set is in the configuration once it is taken out. */
    static SetRecord nothing() {
        return new SetRecord(0, 0, 0, false);
    }
}

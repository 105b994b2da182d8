package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.checksum.RegionNotes;
import io.vnvme.pool.format.Geometry;
import io.vnvme.reactor.Poller;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The checksum areas of a pool's sets, and the notes about them in the pool's journal. */
final class PoolChecksums {
    /** The kind of the notes: key is the set's index, then 32 bits of region; value 1. */
    static final int NOTE_KIND = 0x4353;
    /** Pages kept for each set: 16 MiB with their copies, for 8 GiB of data written lately. */
    private static final int PAGES_MAX = 2048;

    private final Pool pool;
    private final List<@Nullable ChecksumArea> areas = new ArrayList<>();

    PoolChecksums(Pool pool) {
        this.pool = pool;
    }

    /** What was noted when the pool was cut off is not to be trusted. */
    void found() {
        List<PoolSet> present = pool.sets().present();
        pool.notes()
                .forEach(
                        NOTE_KIND,
                        (_, key, _) -> present.stream()
                                .filter(set -> set.index() == (int) (key >>> 32))
                                .forEach(set -> of(set).distrust((int) key)));
    }

    /** The set is being taken out of the pool, and nothing is on it any more. */
    void drop(int set) {
        if (set < areas.size()) {
            areas.set(set, null);
        }
        pool.notes().forEach(NOTE_KIND, (_, key, _) -> {
            if ((int) (key >>> 32) == set) {
                pool.notes().put(NOTE_KIND, key, 0);
            }
        });
    }

    ChecksumArea of(PoolSet set) {
        while (areas.size() <= set.index()) {
            areas.add(null);
        }
        ChecksumArea area = areas.get(set.index());
        if (area == null) {
            area = new ChecksumArea(
                    set.drive(),
                    Geometry.checksumOffset(pool.config().journalBytes()),
                    set.record().clusterCount(),
                    PAGES_MAX,
                    new SetNotes(set));
            areas.set(set.index(), area);
        }
        return area;
    }

    static long noteKey(int set, int region) {
        return (long) set << 32 | region;
    }

    /** The cluster's number in its set, by which its checksums are found. */
    static long within(PoolSet set, long cluster) {
        return cluster - set.record().firstCluster();
    }

    int poll(long nowNs) {
        int work = 0;
        for (int i = 0; i < areas.size(); i++) {
            ChecksumArea area = areas.get(i);
            work += area == null ? 0 : area.poll(nowNs);
        }
        return work;
    }

    /** How long until a page has to be written, in nanoseconds. */
    long sleepLimit(long nowNs) {
        long limitNs = Poller.UNLIMITED;
        for (int i = 0; i < areas.size(); i++) {
            ChecksumArea area = areas.get(i);
            limitNs = area == null ? limitNs : Math.min(limitNs, area.sleepLimit(nowNs));
        }
        return limitNs;
    }

    /** Writes what is not written. @return true when nothing is left */
    boolean clean() {
        boolean clean = true;
        for (ChecksumArea area : areas) {
            clean &= area == null || area.clean();
        }
        return clean;
    }

    private final class SetNotes implements RegionNotes {
        private final PoolSet set;

        SetNotes(PoolSet set) {
            this.set = set;
        }

        private long key(int region) {
            return noteKey(set.index(), region);
        }

        @Override
        public void put(int region) {
            pool.notes().put(NOTE_KIND, key(region), 1);
            pool.changed();
        }

        @Override
        public void remove(int region) {
            // The commit that takes the note away flushes the page first.
            set.written();
            pool.notes().put(NOTE_KIND, key(region), 0);
            pool.changed();
        }

        @Override
        public void whenDurable(Runnable then) {
            pool.commit().request(status -> {
                if (status != IoStatus.OK) {
                    pool.stop("checksums could not be noted");
                }
                then.run();
            });
        }
    }

    /** True when an operation changes data. */
    static boolean changes(int operation) {
        return operation != Io.READ && operation != Io.FLUSH;
    }
}

package io.vnvme.pool.checksum;

import io.vnvme.drive.Drive;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Poller;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The checksums of one set (docs/formats/checksums.md): 64 bytes for each cluster, 16 values of 32 bits; read in pages of 4 KiB
 * when they are needed, of which a bounded number is kept.
 *
 * <p>A value of 0 says that nothing is known of the block, and a CRC32C of 0 is stored as 1. A region, 64 clusters or
 * 4 MiB of data, has one page. Before data of a region is overwritten the region is noted durably; its page is written
 * later, and then the note goes. After a crash nothing is known of noted regions: their blocks count as right when they
 * are read next, and are summed anew.
 */
public final class ChecksumArea {
    public static final int CLUSTERS_PER_PAGE = 64;
    /** Nothing is known of the block. */
    public static final int UNKNOWN = 0;

    private static final int BLOCKS_PER_CLUSTER = 16;
    private static final int CLUSTER_BYTES = BLOCKS_PER_CLUSTER * Integer.BYTES;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** A page without changes for this long is written. */
    private static final long QUIET_NS = 3_000_000_000L;

    private static final long BUSY_LOOK_NS = 1_000_000;

    private final Drive drive;
    private final long offsetBytes;
    private final RegionNotes notes;
    private final SumPage[] pages;
    /** By region: 1 + index of its page; 0: it is not here. */
    private final int[] where;

    private final SumPage.Ended ended = this::ended;
    private int hand;
    private long nowNs;
    /** When the next page may have to be written: not before this. */
    private long dueNs = Long.MAX_VALUE;

    private boolean failed;

    /**
     * @param offsetBytes where the area begins on the drive
     * @param clusterCount clusters of the set
     * @param pagesMax pages kept, at least 8
     */
    public ChecksumArea(Drive drive, long offsetBytes, long clusterCount, int pagesMax, RegionNotes notes) {
        this.drive = drive;
        this.offsetBytes = offsetBytes;
        this.notes = notes;
        long regions = (clusterCount + CLUSTERS_PER_PAGE - 1) / CLUSTERS_PER_PAGE;
        where = new int[Math.toIntExact(regions)];
        pages = new SumPage[(int) Math.min(pagesMax, Math.max(8, regions))];
    }

    /** True when values of the cluster can be asked for and set. */
    public boolean ready(long cluster) {
        SumPage page = page(cluster);
        return page != null && page.usable();
    }

    /** Runs {@code then} when the cluster's page may be ready, or could not be read: {@link #failed}. */
    public void load(long cluster, Runnable then) {
        int region = region(cluster);
        SumPage page = page(cluster);
        if (page == null) {
            page = take(region);
        }
        if (page == null || page.usable()) {
            // All pages are in use: when one is written there is room.
            waitForRoom(then);
            return;
        }
        boolean first = page.waiting.isEmpty() && !page.loading;
        page.waiting.add(then);
        if (first) {
            page.read(drive, pageOffset(region), ended);
        }
    }

    /** A page could not be read or written. The data's status is to say so. */
    public boolean failed() {
        return failed;
    }

    /** The value stored for a block of a cluster that is {@link #ready}. */
    public int get(long cluster, int block) {
        return at(cluster).memory.get(U32, place(cluster, block));
    }

    /** Stores the value of a block of a cluster that is {@link #ready}: noted, or nothing was known of the block. */
    public void put(long cluster, int block, int value) {
        SumPage page = at(cluster);
        page.memory.set(U32, place(cluster, block), value);
        changed(page);
    }

    private static long place(long cluster, int block) {
        return cluster % CLUSTERS_PER_PAGE * CLUSTER_BYTES + (long) block * Integer.BYTES;
    }

    /** True when data of the region may be overwritten. */
    public boolean noted(long cluster) {
        SumPage page = page(cluster);
        return page != null && page.usable() && page.noted == SumPage.DURABLE;
    }

    /** True when no data of the region is being overwritten, or was since its values were written. */
    public boolean settled(long cluster) {
        SumPage page = page(cluster);
        return page != null && page.usable() && page.noted == SumPage.NOT && page.pins == 0;
    }

    /** Notes the region of a cluster that is {@link #ready}, at the latest with the next commit. */
    public void note(long cluster) {
        SumPage page = at(cluster);
        if (page.noted == SumPage.NOT) {
            page.noted = SumPage.PUT;
            notes.put(region(cluster));
        }
        changed(page);
    }

    /** Data of the cluster was written for the first time, and the map will say so: notes its region, loaded or not. */
    public void noteFresh(long cluster) {
        if (ready(cluster)) {
            note(cluster);
        } else {
            notes.put(region(cluster));
        }
    }

    /** Runs {@code then} when the region of a cluster that is {@link #ready} is noted durably. */
    public void noteDurably(long cluster, Runnable then) {
        note(cluster);
        SumPage page = at(cluster);
        page.pins++;
        notes.whenDurable(() -> {
            page.pins--;
            page.noted = SumPage.DURABLE;
            then.run();
        });
    }

    /** Data of the cluster is being overwritten: its region stays noted until {@link #unpin}. */
    public void pin(long cluster) {
        at(cluster).pins++;
    }

    public void unpin(long cluster) {
        at(cluster).pins--;
    }

    /** Says of a region that was found noted: nothing is known of it. Before anything else is done with it. */
    public void distrust(int region) {
        SumPage page = where[region] == 0 ? take(region) : pages[where[region] - 1];
        if (page != null) {
            page.memory.fill((byte) 0);
            page.loaded = true;
            page.noted = SumPage.DURABLE;
            changed(page);
        }
    }

    private @Nullable SumPage page(long cluster) {
        int index = where[region(cluster)];
        return index == 0 ? null : pages[index - 1];
    }

    private SumPage at(long cluster) {
        SumPage page = page(cluster);
        if (page == null || !page.usable()) {
            throw new IllegalStateException("checksums of cluster %d are not loaded".formatted(cluster));
        }
        page.used = true;
        return page;
    }

    private static int region(long cluster) {
        return (int) (cluster / CLUSTERS_PER_PAGE);
    }

    private long pageOffset(int region) {
        return offsetBytes + (long) region * SumPage.SIZE;
    }

    // ---- pages come and go

    /** A page for the region, empty; null when all are in use. */
    private @Nullable SumPage take(int region) {
        for (int looks = 0; looks < 2 * pages.length; looks++) {
            int index = hand;
            hand = (hand + 1) % pages.length;
            SumPage page = pages[index];
            if (page == null) {
                page = new SumPage();
                pages[index] = page;
            } else if (page.busy() || page.used) {
                page.used = false;
                continue;
            } else if (page.region >= 0) {
                where[page.region] = 0;
            }
            page.begin(region);
            where[region] = index + 1;
            return page;
        }
        return null;
    }

    private void waitForRoom(Runnable then) {
        for (SumPage page : pages) {
            if (page != null && page.dirty && !page.writing && page.pins == 0 && page.loaded) {
                page.waiting.add(then);
                write(page);
                return;
            }
        }
        for (SumPage page : pages) {
            if (page != null && (page.writing || page.loading)) {
                page.waiting.add(then);
                return;
            }
        }
        notes.whenDurable(then);
    }

    private void write(SumPage page) {
        page.write(drive, pageOffset(page.region), ended);
    }

    private void ended(SumPage page, int status) {
        if (status != IoStatus.OK) {
            failed = true;
            if (page.dirty) {
                dueNs = Math.min(dueNs, nowNs + QUIET_NS);
            }
            if (!page.loaded && page.region >= 0) {
                where[page.region] = 0;
                page.region = -1;
            }
        } else if (page.wroteLast && !page.dirty && page.noted != SumPage.NOT && page.pins == 0) {
            page.noted = SumPage.NOT;
            notes.remove(page.region);
        }
        page.wake();
    }

    /** Writes pages that were not changed for a while. @return how much was done */
    public int poll(long now) {
        nowNs = now;
        if (now < dueNs) {
            return 0;
        }
        int work = 0;
        dueNs = Long.MAX_VALUE;
        for (SumPage page : pages) {
            if (page == null || !page.dirty) {
                continue;
            }
            boolean quiet = now - page.changedNs >= QUIET_NS;
            if (quiet && page.idleDirty()) {
                write(page);
                work++;
            } else {
                // One that is quiet and cannot be written is pinned or being written: not for long.
                dueNs = Math.min(dueNs, quiet ? now + BUSY_LOOK_NS : page.changedNs + QUIET_NS);
            }
        }
        return work;
    }

    /** How long until {@link #poll} has something to do, in nanoseconds. */
    public long sleepLimit(long now) {
        return dueNs == Long.MAX_VALUE ? Poller.UNLIMITED : Math.max(0, dueNs - now);
    }

    private void changed(SumPage page) {
        page.changed(nowNs);
        dueNs = Math.min(dueNs, nowNs + QUIET_NS);
    }

    /**
     * Begins to write what is not written, for a stop.
     *
     * @return true when nothing is left to write
     */
    public boolean clean() {
        boolean clean = true;
        for (SumPage page : pages) {
            if (page != null) {
                clean &= !page.dirty && !page.writing && !page.loading && page.pins == 0;
                if (page.idleDirty()) {
                    write(page);
                }
            }
        }
        return clean || failed;
    }

    /**
     * Checksum of 4 KiB as it is stored.
     *
     * @param crc their CRC32C
     */
    public static int stored(int crc) {
        return crc == UNKNOWN ? 1 : crc;
    }
}

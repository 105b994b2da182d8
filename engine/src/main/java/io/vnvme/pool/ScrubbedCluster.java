package io.vnvme.pool;

import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.Geometry;

/**
 * The written blocks of one cluster under a scrub: each replica has to have what the checksum says, and where there is none, the
 * same as the others.
 *
 * <p>The first look disturbs nobody. What it finds may be a write under way, so it is believed only when a second one,
 * block by block and with guests' writes to the cluster waiting, finds it too.
 */
final class ScrubbedCluster {
    private final Scrub scrub;
    private final Pool pool;
    private final EachReplica copies;
    private final Layer layer;
    private final long index;
    private final ClusterHold hold;
    private long entry;
    /** The first block that was read. */
    private int first;

    /** Blocks that the second look has not seen yet, a bit each. */
    private int left;

    ScrubbedCluster(Scrub scrub, Pool pool, EachReplica copies, Layer layer, long index) {
        this.scrub = scrub;
        this.pool = pool;
        this.copies = copies;
        this.layer = layer;
        this.index = index;
        hold = new ClusterHold(pool, layer, index);
    }

    void start() {
        entry = layer.map().entry(index);
        int written = Entry.written(entry);
        int from = Integer.numberOfTrailingZeros(written);
        read(from, 32 - Integer.numberOfLeadingZeros(written) - from, this::compare);
    }

    private void read(int from, int count, Runnable then) {
        first = from;
        long cluster = Entry.cluster(entry);
        PoolSet set = pool.sets().of(cluster);
        copies.read(set, set.offset(cluster) + bytes(from), bytes(count), then);
    }

    private static long bytes(int blocks) {
        return (long) blocks << Geometry.BLOCK_SHIFT;
    }

    private void compare() {
        if (!pool.layers().has(layer) || !sameCluster(layer.map().entry(index))) {
            scrub.again(this::doubt);
            return;
        }
        if (!sumsThere(this::compare)) {
            return;
        }
        if (sumsLost()) {
            scrub.found("the checksums of %s at byte %d cannot be read"
                    .formatted(Scrub.name(layer), index << Geometry.CLUSTER_SHIFT));
        }
        if (sound()) {
            scrub.looked(copies);
        } else {
            scrub.again(this::doubt);
        }
    }

    private boolean sameCluster(long now) {
        return Entry.mapped(now) && Entry.cluster(now) == Entry.cluster(entry);
    }

    private boolean sound() {
        boolean sound = copies.readable();
        for (int blocks = Entry.written(entry); sound && blocks != 0; blocks &= blocks - 1) {
            int block = Integer.numberOfTrailingZeros(blocks);
            int right = right(block);
            sound = right >= 0 && copies.wrong(bytes(block - first), right) == 0;
        }
        return sound;
    }

    /** A replica that has the block as it should be; -1: none, or nobody knows. */
    private int right(int block) {
        int known = known(block);
        long at = bytes(block - first);
        return known == ChecksumArea.UNKNOWN
                ? copies.majority(at)
                : copies.find(at, crc -> ChecksumArea.stored(crc) == known);
    }

    // ---- the second look

    private void doubt() {
        if (scrub.interrupted() || !pool.layers().has(layer)) {
            scrub.looked(copies);
        } else if (ClusterHold.locked(pool, layer, index)) {
            scrub.again(this::doubt);
        } else {
            hold.take(this::lookAgain);
        }
    }

    private void lookAgain() {
        entry = layer.map().entry(index);
        left = Entry.mapped(entry) ? Entry.written(entry) : 0;
        next();
    }

    private void next() {
        if (left == 0 || scrub.interrupted() || !present()) {
            hold.release();
            scrub.looked(copies);
        } else {
            read(Integer.numberOfTrailingZeros(left), 1, this::settle);
        }
    }

    /** Clusters of layers that no guest writes move and are merged meanwhile: what was read is not theirs any more. */
    private boolean present() {
        return pool.layers().has(layer) && layer.map().entry(index) == entry;
    }

    private void settle() {
        if (present() && !scrub.interrupted()) {
            if (!sumsThere(this::settle)) {
                return;
            }
            settle(Integer.numberOfTrailingZeros(left));
        }
        left &= left - 1;
        next();
    }

    private void settle(int block) {
        boolean known = known(block) != ChecksumArea.UNKNOWN;
        int right = right(block);
        if (!copies.readable()) {
            found("%s cannot be read at byte %d", block);
        } else if (!known && copies.doubtful()) {
            // The mirror makes them equal, and knows which one counts.
            return;
        } else if (right >= 0) {
            if (copies.repair(0, right)) {
                scrub.repaired();
            }
        } else if (known) {
            found("%s is not what its checksum says at byte %d", block);
        } else {
            found("the drives of a mirror differed in %s at byte %d: all have now what the first one had", block);
            copies.repair(0, copies.first());
        }
    }

    private void found(String what, int block) {
        scrub.found(what.formatted(Scrub.name(layer), (index << Geometry.CLUSTER_SHIFT) + bytes(block)));
    }

    // ---- checksums

    /** False when the cluster's checksums have to be read first: {@code then} is run when they may be there. */
    private boolean sumsThere(Runnable then) {
        if (!layer.record().checksums() || area().ready(withinSet()) || area().failed() || pool.stopped()) {
            return true;
        }
        area().load(withinSet(), then);
        return false;
    }

    private boolean sumsLost() {
        return layer.record().checksums() && area().failed() && !area().ready(withinSet());
    }

    private int known(int block) {
        boolean there = layer.record().checksums() && area().ready(withinSet());
        return there ? area().get(withinSet(), block) : ChecksumArea.UNKNOWN;
    }

    private ChecksumArea area() {
        return pool.checksums().of(pool.sets().of(Entry.cluster(entry)));
    }

    private long withinSet() {
        return PoolChecksums.within(pool.sets().of(Entry.cluster(entry)), Entry.cluster(entry));
    }
}

package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;

/** A page of a layer's map under a scrub: each replica has to have what the directory's checksum says. */
final class ScrubbedPage {
    private final Scrub scrub;
    private final Pool pool;
    private final EachReplica copies;
    private final Layer layer;
    private final int number;
    private long place;
    private boolean certain;

    ScrubbedPage(Scrub scrub, Pool pool, EachReplica copies, Layer layer, int number) {
        this.scrub = scrub;
        this.pool = pool;
        this.copies = copies;
        this.layer = layer;
        this.number = number;
    }

    void start() {
        place = layer.map().directory().page(number);
        if (place == 0) {
            scrub.looked(copies);
            return;
        }
        long cluster = MapPage.cluster(place - 1);
        PoolSet set = pool.sets().of(cluster);
        copies.read(set, set.offset(cluster) + MapPage.offsetInCluster(place - 1), Geometry.BLOCK_BYTES, this::compare);
    }

    private void compare() {
        PageDirectory directory = layer.map().directory();
        int checksum = directory.checksum(number);
        int right = copies.find(0, crc -> crc == checksum);
        if (right >= 0 && copies.wrong(0, right) == 0 || !pool.layers().has(layer)) {
            scrub.looked(copies);
        } else if (!certain || directory.page(number) != place) {
            scrub.again(this::again);
        } else {
            settle(right);
            scrub.looked(copies);
        }
    }

    /** A checkpoint says where a page lies before it is there: nothing is believed while one is being made. */
    private void again() {
        if (scrub.interrupted() || !pool.layers().has(layer)) {
            scrub.looked(copies);
        } else if (!pool.checkpoint().idle()) {
            scrub.again(this::again);
        } else {
            certain = true;
            start();
        }
    }

    private void settle(int right) {
        if (right >= 0) {
            if (copies.repair(0, right)) {
                scrub.repaired();
            }
        } else if (!scrub.interrupted()) {
            scrub.found("a page of the map of %s is damaged on the drives: it is written anew"
                    .formatted(Scrub.name(layer)));
            layer.map().rewrite(number);
        }
    }
}

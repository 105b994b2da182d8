package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;

/** A page of metadata under a scrub: each replica has to have what the checksum says that is kept with its place. */
final class ScrubbedPage {
    /** Pages of one kind that belong to a layer. What they hold is in memory as well. */
    private interface Kind {
        String name();

        /** Where the page lies, plus 1; 0: nowhere. */
        long place(Layer layer, int number);

        int checksum(Layer layer, int number);

        /** The next checkpoint writes it to another place. */
        void rewrite(Layer layer, int number);
    }

    private static final Kind MAP = new Kind() {
        @Override
        public String name() {
            return "map";
        }

        @Override
        public long place(Layer layer, int number) {
            return layer.map().directory().page(number);
        }

        @Override
        public int checksum(Layer layer, int number) {
            return layer.map().directory().checksum(number);
        }

        @Override
        public void rewrite(Layer layer, int number) {
            layer.map().rewrite(number);
        }
    };

    private static final Kind DIRECTORY = new Kind() {
        @Override
        public String name() {
            return "directory";
        }

        @Override
        public long place(Layer layer, int number) {
            return layer.map().directory().ownPage(number);
        }

        @Override
        public int checksum(Layer layer, int number) {
            return layer.map().directory().ownChecksum(number);
        }

        @Override
        public void rewrite(Layer layer, int number) {
            layer.map().directory().rewrite(number);
        }
    };

    private final Scrub scrub;
    private final Pool pool;
    private final EachReplica copies;
    private final Layer layer;
    private final Kind kind;
    private final int number;
    private long place;
    private boolean certain;

    private ScrubbedPage(Scrub scrub, Pool pool, EachReplica copies, Layer layer, Kind kind, int number) {
        this.scrub = scrub;
        this.pool = pool;
        this.copies = copies;
        this.layer = layer;
        this.kind = kind;
        this.number = number;
    }

    static ScrubbedPage ofMap(Scrub scrub, Pool pool, EachReplica copies, Layer layer, int number) {
        return new ScrubbedPage(scrub, pool, copies, layer, MAP, number);
    }

    static ScrubbedPage ofDirectory(Scrub scrub, Pool pool, EachReplica copies, Layer layer, int number) {
        return new ScrubbedPage(scrub, pool, copies, layer, DIRECTORY, number);
    }

    void start() {
        place = kind.place(layer, number);
        if (place == 0) {
            scrub.looked(copies);
            return;
        }
        long cluster = MapPage.cluster(place - 1);
        PoolSet set = pool.sets().of(cluster);
        copies.read(set, set.offset(cluster) + MapPage.offsetInCluster(place - 1), Geometry.BLOCK_BYTES, this::compare);
    }

    private void compare() {
        int checksum = kind.checksum(layer, number);
        int right = copies.find(0, crc -> crc == checksum);
        if (right >= 0 && copies.wrong(0, right) == 0 || !pool.layers().has(layer)) {
            scrub.looked(copies);
        } else if (!certain || kind.place(layer, number) != place) {
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
            scrub.found("a page of the %s of %s is damaged on the drives: it is written anew"
                    .formatted(kind.name(), Scrub.name(layer)));
            kind.rewrite(layer, number);
            scrub.rewrites();
        }
    }
}

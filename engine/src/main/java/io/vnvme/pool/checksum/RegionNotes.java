package io.vnvme.pool.checksum;

/** Keeps, with the pool's metadata, which regions' checksums may be older than their data. */
public interface RegionNotes {
    /** The region is noted from the next commit on; what was changed about the maps until now becomes durable no earlier. */
    void put(int region);

    /** The region is not noted any more, from the first commit on that flushes what was written until now. */
    void remove(int region);

    /** Runs {@code then} when everything that was put until now is durable. */
    void whenDurable(Runnable then);
}

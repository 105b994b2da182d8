package io.vnvme.pool;

import io.vnvme.drive.Drive;
import io.vnvme.pool.format.SetRecord;

/** A set of a pool in use: one drive, or replicas behind a {@link Drive} that writes them all. */
final class PoolSet {
    private final int index;
    private final Drive drive;
    private SetRecord record;
    private boolean unflushed;

    PoolSet(int index, Drive drive, SetRecord record) {
        this.index = index;
        this.drive = drive;
        this.record = record;
    }

    int index() {
        return index;
    }

    Drive drive() {
        return drive;
    }

    SetRecord record() {
        return record;
    }

    void record(SetRecord changed) {
        record = changed;
    }

    /** Where a cluster of this set begins on it, in bytes. */
    long offset(long cluster) {
        return record.dataOffsetBytes() + ((cluster - record.firstCluster()) << 16);
    }

    /** Something was written that a power cut could take away. */
    void written() {
        unflushed = true;
    }

    /** True when the set has to be flushed; it counts as flushed from now on. */
    boolean takeUnflushed() {
        boolean was = unflushed && drive.volatileWriteCache();
        unflushed = false;
        return was;
    }
}

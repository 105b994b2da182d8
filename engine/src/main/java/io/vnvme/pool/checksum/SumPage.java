package io.vnvme.pool.checksum;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** One page of checksums in memory. */
final class SumPage {
    static final int SIZE = 4096;
    /** How far a region is noted. */
    static final int NOT = 0;

    static final int PUT = 1;
    static final int DURABLE = 2;

    /** Told when a read or a write of a page has ended. */
    interface Ended {
        void ended(SumPage page, int status);
    }

    final MemorySegment memory = Arena.ofAuto().allocate(SIZE, SIZE);
    /** What is being written: the page may change meanwhile. */
    private final MemorySegment copy = Arena.ofAuto().allocate(SIZE, SIZE);

    private final Io io = new Io((_, status) -> done(status));
    int region = -1;
    boolean loaded;
    boolean loading;
    boolean writing;
    boolean dirty;
    boolean used;
    /** The last work was a write. */
    boolean wroteLast;

    int noted;
    int pins;
    long changedNs;
    List<Runnable> waiting = new ArrayList<>();
    private Ended ended = (_, _) -> {};

    void begin(int newRegion) {
        region = newRegion;
        loaded = false;
        dirty = false;
        used = true;
        noted = NOT;
    }

    boolean usable() {
        return loaded;
    }

    boolean busy() {
        return loading || writing || dirty || pins > 0 || !waiting.isEmpty() || noted != NOT;
    }

    boolean idleDirty() {
        return dirty && loaded && !writing && pins == 0;
    }

    void changed(long nowNs) {
        dirty = true;
        changedNs = nowNs;
    }

    void read(Drive drive, long offsetBytes, Ended whenEnded) {
        loading = true;
        wroteLast = false;
        submit(drive, Io.READ, offsetBytes, memory, whenEnded);
    }

    void write(Drive drive, long offsetBytes, Ended whenEnded) {
        writing = true;
        wroteLast = true;
        dirty = false;
        MemorySegment.copy(memory, 0, copy, 0, SIZE);
        submit(drive, Io.WRITE, offsetBytes, copy, whenEnded);
    }

    private void submit(Drive drive, int operation, long offsetBytes, MemorySegment from, Ended whenEnded) {
        ended = whenEnded;
        io.prepare(operation, offsetBytes, SIZE, false);
        io.data().clear();
        io.data().add(from, 0, SIZE);
        int status = drive.submit(io);
        if (status != IoStatus.PENDING) {
            done(status);
        }
    }

    private void done(int status) {
        if (loading) {
            loading = false;
            loaded = status == IoStatus.OK;
        } else {
            writing = false;
            dirty |= status != IoStatus.OK;
        }
        ended.ended(this, status);
    }

    void wake() {
        List<Runnable> then = waiting;
        waiting = new ArrayList<>();
        then.forEach(Runnable::run);
    }
}

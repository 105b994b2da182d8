package io.vnvme.pool.mirror;

import io.vnvme.drive.IoStatus;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Keeps the mirror areas of all replicas that take part as the mirror is. One write of each page is under way at a time; what
 * changes meanwhile goes with the next, for all that wait together.
 *
 * <p>A header is written when the pages that were dirty at its request are: a replica must not be known as stale before its
 * stale regions are.
 */
final class MirrorLog {
    /** Who has to know how writes end. */
    interface Owner {
        /** A replica did not take a block of its area. */
        void areaFailed(int slot, int status);

        /** No current replica took a block. */
        void logStopped();

        /** Something became certain. */
        void recorded();
    }

    private final UUID set;
    private final long sizeBytes;
    private final BitPages pages;
    private final Replica[] replicas;
    private final Owner owner;
    private final AreaWrite[] pageWrites = new AreaWrite[AreaGeometry.PAGES];
    private final AreaWrite headerWrite = new AreaWrite(this, AreaWrite.HEADER);
    private int writing;
    private boolean headerBusy;
    /** Changes of the replicas' states, and how many of them are in the header being written and in the last one. */
    private long changes;

    private long startedChanges;
    private long writtenChanges;
    /** Each header has the next one: by turns they go to two places, and only one is on its way at a time. */
    private long startedGeneration;
    /** Pages that were dirty when a header was asked for, and of those being written. */
    private int barrierDirty;

    private int barrierWriting;
    private boolean pumping;
    private boolean again;
    private boolean stopped;

    MirrorLog(MirrorHeader found, BitPages pages, Replica[] replicas, Owner owner) {
        set = found.set();
        sizeBytes = found.sizeBytes();
        startedGeneration = found.generation();
        this.pages = pages;
        this.replicas = replicas;
        this.owner = owner;
        for (int i = 0; i < pageWrites.length; i++) {
            pageWrites[i] = new AreaWrite(this, i);
        }
    }

    /** The newest header that a replica which takes part can have. */
    long startedGeneration() {
        return startedGeneration;
    }

    /** True when the replicas' states are on the drives: a write that only some replicas have may be acknowledged. */
    boolean settled() {
        return writtenChanges == changes && !stopped;
    }

    /** True when nothing has to be written. */
    boolean idle() {
        return settled() && writing == 0 && pages.dirty() == 0 && !headerBusy;
    }

    boolean stopped() {
        return stopped;
    }

    /** The replicas' states changed: they have to be recorded, after what the pages say now. */
    void recordStates() {
        changes++;
        barrierDirty = pages.dirty();
        barrierWriting = writing;
        pump();
    }

    /** Writes what has to be written. */
    void pump() {
        again = true;
        if (pumping) {
            return;
        }
        pumping = true;
        while (again && !stopped) {
            again = false;
            int start = pages.dirty() & ~writing;
            for (int page = 0; page < AreaGeometry.PAGES; page++) {
                if ((start >> page & 1) != 0) {
                    startPage(page);
                }
            }
            if (writtenChanges != changes && !headerBusy && (barrierDirty | barrierWriting) == 0) {
                startHeader();
            }
        }
        pumping = false;
    }

    private void startPage(int page) {
        int bit = 1 << page;
        writing |= bit;
        if ((barrierDirty & bit) != 0) {
            barrierDirty &= ~bit;
            barrierWriting |= bit;
        }
        AreaWrite write = pageWrites[page];
        pages.capture(page, write.block(), write.view());
        write.start(replicas, AreaGeometry.pageOffset(page));
    }

    private void startHeader() {
        headerBusy = true;
        startedGeneration++;
        startedChanges = changes;
        List<MirrorHeader.Slot> slots = new ArrayList<>();
        for (Replica replica : replicas) {
            slots.add(replica.record());
        }
        MemorySegment block = headerWrite.block();
        new MirrorHeader(set, sizeBytes, startedGeneration, slots).encode(block);
        headerWrite.start(replicas, AreaGeometry.headerOffset(startedGeneration));
    }

    /** Work that was given to the drive of a slot has ended. */
    void childEnded(int slot) {
        replicas[slot].ended();
    }

    /** A block was written, or could not be. */
    void ended(AreaWrite write) {
        boolean kept = false;
        for (int slot = 0; slot < replicas.length; slot++) {
            kept |= write.reached(slot) && replicas[slot].current();
        }
        if (!kept) {
            stopped = true;
            owner.logStopped();
            return;
        }
        int page = write.page();
        if (page == AreaWrite.HEADER) {
            headerBusy = false;
            writtenChanges = startedChanges;
        } else {
            writing &= ~(1 << page);
            barrierWriting &= ~(1 << page);
            pages.written(page, write.block());
        }
        for (int slot = 0; slot < replicas.length; slot++) {
            if (write.status(slot) != IoStatus.OK) {
                owner.areaFailed(slot, write.status(slot));
            }
        }
        owner.recorded();
        pump();
    }
}

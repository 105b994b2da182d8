package io.vnvme.drive;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A unit of work on its way through a {@link SectorDrive}. On whole blocks it goes down as it is. Otherwise it is done in
 * steps: the blocks of a step are read into a buffer, if not all of them are covered, changed there, and written back.
 */
final class SectorEdit implements Io.Completion {
    private static final int READING = 1;
    private static final int WRITING = 2;

    private final SectorDrive drive;
    private final Io step = new Io(this);
    private @Nullable Io io;
    private Io.@Nullable Completion owner;
    private @Nullable MemorySegment buffer;
    private boolean whole;
    private boolean begun;
    private boolean pending;

    /** Where the work stands, and how far the present step goes, in bytes on the drive. */
    private long at;

    /** As submitted: layers below may move the work itself. */
    private long start;

    private long end;
    private long stepEnd;
    private int phase;

    SectorEdit(SectorDrive drive) {
        this.drive = drive;
    }

    void prepare(Io work, boolean wholeBlocks) {
        io = work;
        whole = wholeBlocks;
        begun = false;
        pending = false;
        start = work.offsetBytes();
        at = start;
        end = at + work.lengthBytes();
        phase = 0;
    }

    Io io() {
        Io work = io;
        if (work == null) {
            throw new IllegalStateException("no work");
        }
        return work;
    }

    boolean whole() {
        return whole;
    }

    boolean begun() {
        return begun;
    }

    @Nullable
    MemorySegment buffer() {
        return buffer;
    }

    void buffer(@Nullable MemorySegment memory) {
        buffer = memory;
    }

    private MemorySegment memory() {
        MemorySegment present = buffer;
        if (present == null) {
            throw new IllegalStateException("no buffer");
        }
        return present;
    }

    /** Whether one of the two must wait for the other: they write to the same blocks, and one of them not whole ones. */
    boolean conflicts(SectorEdit other) {
        if ((whole && other.whole) || io().operation() == Io.READ || other.io().operation() == Io.READ) {
            return false;
        }
        long mask = drive.mask();
        long first = start & ~mask;
        long otherFirst = other.start & ~mask;
        return first < (other.end + mask & ~mask) && otherFirst < (end + mask & ~mask);
    }

    /** Its owner has been told to wait. */
    void waits() {
        pending = true;
    }

    /** Its turn has come. @return an {@link IoStatus}; when pending, the drive hears of the end */
    int begin() {
        begun = true;
        int status;
        if (whole) {
            owner = io().redirect(this);
            status = drive.below().submit(io());
            if (status != IoStatus.PENDING) {
                giveBack();
            }
        } else {
            status = run();
        }
        pending |= status == IoStatus.PENDING;
        return status;
    }

    private void giveBack() {
        Io.Completion former = owner;
        if (former != null) {
            owner = null;
            var _ = io().redirect(former);
        }
    }

    @Override
    public void completed(Io done, int status) {
        int next = status;
        if (whole) {
            giveBack();
        } else if (status == IoStatus.OK) {
            next = stepped();
        }
        if (next != IoStatus.PENDING) {
            drive.ended(this, next);
        }
    }

    /** Does steps until one is pending or all is done. */
    private int run() {
        while (at < end) {
            prepareStep();
            int status = drive.below().submit(step);
            if (status != IoStatus.OK) {
                return status;
            }
            advance();
        }
        return IoStatus.OK;
    }

    /** A step that was pending has ended well. */
    private int stepped() {
        advance();
        return run();
    }

    private void prepareStep() {
        long mask = drive.mask();
        int operation = io().operation();
        long blocks = at & ~mask;
        if (phase == 0) {
            boolean clears = operation == Io.WRITE_ZEROES || operation == Io.DEALLOCATE;
            if (clears && (at & mask) == 0 && end - at > mask) {
                // Whole blocks in the middle need no buffer.
                stepEnd = end & ~mask;
                step.data().clear();
                step.prepare(operation, at, stepEnd - at, io().forceUnitAccess());
                phase = WRITING;
                return;
            }
            stepEnd = Math.min(end, clears ? blocks + mask + 1 : blocks + SectorDrive.BUFFER_BYTES);
            boolean covers = operation != Io.READ && ((at | stepEnd) & mask) == 0;
            phase = covers ? WRITING : READING;
            if (covers) {
                change();
            }
        }
        long length = (stepEnd + mask & ~mask) - blocks;
        step.data().clear();
        step.data().add(memory(), 0, length);
        boolean writes = phase == WRITING;
        step.prepare(writes ? Io.WRITE : Io.READ, blocks, length, writes && io().forceUnitAccess());
    }

    private void advance() {
        if (phase == READING) {
            change();
            if (io().operation() != Io.READ) {
                phase = WRITING;
                return;
            }
        }
        at = stepEnd;
        phase = 0;
    }

    /** The bytes of this step between the owner's memory and the buffer. */
    private void change() {
        Io work = io();
        long from = at & drive.mask();
        long position = at - start;
        long length = stepEnd - at;
        try {
            switch (work.operation()) {
                case Io.READ -> work.data().copyFrom(position, memory(), from, length);
                case Io.WRITE -> work.data().copyTo(position, memory(), from, length);
                default -> memory().asSlice(from, length).fill((byte) 0);
            }
        } catch (InternalError | RuntimeException fault) {
            drive.lost(this, pending);
            throw fault;
        }
    }
}

package io.vnvme.pool.mirror;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One range that is made equal on several replicas, while writes to it wait: held, drained of writes under way, read,
 * written.
 */
final class RangeCopy implements Io.Completion {
    static final int STEP_BYTES = 1 << 20;

    private enum Stage {
        IDLE,
        DRAINING,
        READING,
        WRITING
    }

    /** Who wants it done, and keeps to what it finds out. */
    interface Owner {
        boolean writesOverlap(long offsetBytes, long endBytes);

        /** A replica did not take what was written. */
        void targetFailed(int slot, int status);

        /**
         * The range is free again.
         *
         * @param readable false when no replica could be read: nothing was written
         */
        void copied(boolean readable);

        /** A replica took what was written. */
        void written(int slot, long offsetBytes, long lengthBytes);

        void undecided(long offsetBytes, long lengthBytes);
    }

    private final Replica[] replicas;
    private final Owner owner;
    private final Io io = new Io(this);
    private final @Nullable MemorySegment[] buffers;
    private Stage stage = Stage.IDLE;
    /** Of a resync; null otherwise. */
    private @Nullable BlockJudge judge;

    private boolean compare;
    private long offset;
    private long length;
    private int targets;
    /** Slots read, slots that could not be, and the one that work is at. */
    private int read;

    private int unreadable;
    private int at;

    RangeCopy(Replica[] replicas, Owner owner) {
        this.replicas = replicas;
        this.owner = owner;
        buffers = new MemorySegment[replicas.length];
    }

    boolean busy() {
        return stage != Stage.IDLE;
    }

    boolean holds(long offsetBytes, long lengthBytes) {
        return stage != Stage.IDLE && offsetBytes < offset + length && offset < offsetBytes + lengthBytes;
    }

    /** Copies the range from the first current replica to {@code targetSlots}. */
    void copy(long offsetBytes, long lengthBytes, int targetSlots) {
        compare = false;
        judge = null;
        targets = targetSlots;
        begin(offsetBytes, lengthBytes);
    }

    /** Reads the range from all current replicas, and writes it where it differs from what most of them have. */
    void compare(long offsetBytes, long lengthBytes) {
        compareBy(null, offsetBytes, lengthBytes);
    }

    /** The same, where the first current replica counts but for blocks that the judge finds right on another one. */
    void resync(long offsetBytes, long lengthBytes, BlockJudge newJudge) {
        compareBy(newJudge, offsetBytes, lengthBytes);
    }

    private void compareBy(@Nullable BlockJudge newJudge, long offsetBytes, long lengthBytes) {
        compare = true;
        judge = newJudge;
        targets = 0;
        begin(offsetBytes, lengthBytes);
    }

    private void begin(long offsetBytes, long lengthBytes) {
        offset = offsetBytes;
        length = lengthBytes;
        read = 0;
        unreadable = 0;
        stage = Stage.DRAINING;
        advance();
    }

    /** Goes on if it waited for writes to end. */
    void advance() {
        if (stage == Stage.DRAINING && !owner.writesOverlap(offset, offset + length)) {
            stage = Stage.READING;
            readNext();
        }
    }

    private void readNext() {
        for (int slot = 0; slot < replicas.length; slot++) {
            int bit = 1 << slot;
            if (((read | unreadable) & bit) != 0 || !replicas[slot].current() || !compare && (targets & bit) != 0) {
                continue;
            }
            at = slot;
            submit(Io.READ, slot, buffer(compare ? slot : 0));
            return;
        }
        allRead();
    }

    private void allRead() {
        if (read == 0) {
            finish(false);
            return;
        }
        if (compare) {
            targets = unreadable;
            compareBlocks();
        }
        stage = Stage.WRITING;
        at = -1;
        writeNext();
    }

    private void writeNext() {
        for (int slot = at + 1; slot < replicas.length; slot++) {
            if ((targets >> slot & 1) != 0 && replicas[slot].takesPart()) {
                at = slot;
                submit(Io.WRITE, slot, buffer(compare ? Integer.numberOfTrailingZeros(read) : 0));
                return;
            }
        }
        finish(true);
    }

    private void submit(int operation, int slot, MemorySegment buffer) {
        io.prepare(operation, offset, length, false);
        io.data().clear();
        io.data().add(buffer, 0, length);
        int status = replicas[slot].submit(io);
        if (status != IoStatus.PENDING) {
            ended(status);
        }
    }

    @Override
    public void completed(Io done, int status) {
        replicas[at].ended();
        ended(status);
    }

    private void ended(int status) {
        if (stage == Stage.READING) {
            if (status == IoStatus.OK) {
                read |= 1 << at;
            } else {
                unreadable |= 1 << at;
            }
            // What only the first one knows after a crash is not taken from another: that is no resync.
            boolean firstLost = judge != null && read == 0;
            if (status == IoStatus.OK && !compare || firstLost) {
                allRead();
            } else {
                readNext();
            }
            return;
        }
        if (status != IoStatus.OK) {
            owner.targetFailed(at, status);
        } else {
            owner.written(at, offset, length);
        }
        writeNext();
    }

    private void finish(boolean readable) {
        stage = Stage.IDLE;
        owner.copied(readable);
    }

    // ---- comparison

    /** Makes every buffer that was read hold the right bytes, and notes whose did not. */
    private void compareBlocks() {
        int first = Integer.numberOfTrailingZeros(read);
        for (int slot = first + 1; slot < replicas.length; slot++) {
            if ((read >> slot & 1) == 0) {
                continue;
            }
            long differs = mismatch(first, slot, 0);
            while (differs >= 0) {
                long block = differs & -AreaGeometry.BLOCK_BYTES;
                long size = Math.min(AreaGeometry.BLOCK_BYTES, length - block);
                settle(block, size);
                long next = block + size;
                differs = next >= length ? -1 : mismatch(first, slot, next);
            }
        }
    }

    private long mismatch(int a, int b, long from) {
        long found = MemorySegment.mismatch(buffer(a), from, length, buffer(b), from, length);
        return found < 0 ? -1 : from + found;
    }

    private void settle(long block, long size) {
        BlockJudge with = judge;
        int right = with == null ? majority(block, size) : judged(with, block, size);
        if (right < 0) {
            right = Integer.numberOfTrailingZeros(read);
            if (with == null) {
                owner.undecided(offset + block, size);
            }
        }
        for (int slot = 0; slot < replicas.length; slot++) {
            if ((read >> slot & 1) != 0 && !same(slot, right, block, size)) {
                MemorySegment.copy(buffer(right), block, buffer(slot), block, size);
                targets |= 1 << slot;
            }
        }
    }

    private int judged(BlockJudge with, long block, long size) {
        for (int slot = 0; slot < replicas.length; slot++) {
            if ((read >> slot & 1) != 0
                    && with.right(offset + block, buffer(slot).asSlice(block, size))) {
                return slot;
            }
        }
        return -1;
    }

    private int majority(long block, long size) {
        int voters = Integer.bitCount(read);
        for (int slot = 0; slot < replicas.length; slot++) {
            int votes = 0;
            for (int other = 0; other < replicas.length && (read >> slot & 1) != 0; other++) {
                votes += (read >> other & 1) != 0 && same(slot, other, block, size) ? 1 : 0;
            }
            if (2 * votes > voters) {
                return slot;
            }
        }
        return -1;
    }

    private boolean same(int a, int b, long block, long size) {
        return a == b || MemorySegment.mismatch(buffer(a), block, block + size, buffer(b), block, block + size) < 0;
    }

    private MemorySegment buffer(int index) {
        MemorySegment buffer = buffers[index];
        if (buffer == null) {
            buffer = Arena.ofAuto().allocate(STEP_BYTES, AreaGeometry.BLOCK_BYTES);
            buffers[index] = buffer;
        }
        return buffer;
    }
}

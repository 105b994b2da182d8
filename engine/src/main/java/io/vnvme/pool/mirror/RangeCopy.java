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
         * @param readable false when nothing was written: no replica could be read, or of a resync of several blocks not each
         */
        void copied(boolean readable);

        /** A replica took what was written. */
        void written(int slot, long offsetBytes, long lengthBytes);
    }

    private final Replica[] replicas;
    private final Owner owner;
    private final Io io = new Io(this);
    private final @Nullable MemorySegment[] buffers;
    private Stage stage = Stage.IDLE;
    /** Of a resync; null otherwise. */
    private @Nullable BlockJudge judge;

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
        judge = null;
        targets = targetSlots;
        begin(offsetBytes, lengthBytes);
    }

    /**
     * Reads the range from all current replicas, and writes it where it differs from what the first of them has, or, of blocks
     * that the judge finds right on another one, from what that has. A single block that the first ones cannot read is taken
     * from the one behind them: that is where reads find it, too.
     */
    void resync(long offsetBytes, long lengthBytes, BlockJudge newJudge) {
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
            if (((read | unreadable) & bit) != 0
                    || !replicas[slot].current()
                    || judge == null && (targets & bit) != 0) {
                continue;
            }
            at = slot;
            submit(Io.READ, slot, buffer(judge == null ? 0 : slot));
            return;
        }
        allRead();
    }

    private void allRead() {
        if (read == 0) {
            finish(false);
            return;
        }
        if (judge != null) {
            targets = unreadable;
            compareBlocks(judge);
        }
        stage = Stage.WRITING;
        at = -1;
        writeNext();
    }

    private void writeNext() {
        for (int slot = at + 1; slot < replicas.length; slot++) {
            if ((targets >> slot & 1) != 0 && replicas[slot].takesPart()) {
                at = slot;
                submit(Io.WRITE, slot, buffer(judge == null ? 0 : Integer.numberOfTrailingZeros(read)));
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
            hasRead(status);
            return;
        }
        if (status != IoStatus.OK) {
            owner.targetFailed(at, status);
        } else {
            owner.written(at, offset, length);
        }
        writeNext();
    }

    private void hasRead(int status) {
        if (status == IoStatus.OK) {
            read |= 1 << at;
        } else {
            unreadable |= 1 << at;
        }
        if (judge == null && read != 0) {
            allRead();
        } else if (judge != null && unreadable != 0 && length > AreaGeometry.BLOCK_BYTES) {
            finish(false);
        } else {
            readNext();
        }
    }

    private void finish(boolean readable) {
        stage = Stage.IDLE;
        owner.copied(readable);
    }

    // ---- comparison

    /** Makes every buffer that was read hold the right bytes, and notes whose did not. */
    private void compareBlocks(BlockJudge with) {
        int first = Integer.numberOfTrailingZeros(read);
        for (int slot = first + 1; slot < replicas.length; slot++) {
            if ((read >> slot & 1) == 0) {
                continue;
            }
            long differs = mismatch(first, slot, 0);
            while (differs >= 0) {
                long block = differs & -AreaGeometry.BLOCK_BYTES;
                long size = Math.min(AreaGeometry.BLOCK_BYTES, length - block);
                settle(with, block, size);
                long next = block + size;
                differs = next >= length ? -1 : mismatch(first, slot, next);
            }
        }
    }

    private long mismatch(int a, int b, long from) {
        long found = MemorySegment.mismatch(buffer(a), from, length, buffer(b), from, length);
        return found < 0 ? -1 : from + found;
    }

    private void settle(BlockJudge with, long block, long size) {
        int right = judged(with, block, size);
        right = right < 0 ? Integer.numberOfTrailingZeros(read) : right;
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

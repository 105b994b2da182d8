package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The polled path of a user-space driver: transfers of one size between fixed buffers and the drive, by slot.
 *
 * <p>Allocates nothing. A submission is eight stores; doorbells are rung once a batch. While it is in use, nothing else
 * uses the queue pair; {@link #finish} hands it back.
 */
public final class PolledIo {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final long CID_SHIFT = 16;
    private static final long NSID_SHIFT = 32;
    private static final int STATUS_SHIFT = 17;
    private static final int CID_MASK = 0xFFFF;

    private final QueuePair pair;
    private final MemorySegment sq;
    private final MemorySegment cq;
    private final int sqEntryCount;
    private final int cqEntryCount;
    private final long[] prp1;
    private final long[] prp2;
    private final List<DataPointer> pointers = new ArrayList<>();
    private final int[] completed;
    private final long head;
    private final long lastDwords;
    private int tail;
    private int cqHead;
    private int phase;
    private long errors;
    private int lastError;

    /**
     * @param data one buffer of {@code blockCount * blockBytes} for each slot, no more than the controller transfers
     * @param slots transfers that can be in flight; below both queue depths
     * @param blockCount logical blocks of a transfer, 1-based
     */
    public PolledIo(QueuePair pair, int nsid, Buffer data, int slots, int blockCount, int blockBytes) {
        this.pair = pair;
        sq = pair.submissions().memory().segment();
        cq = pair.completions().memory().segment();
        sqEntryCount = pair.submissions().entryCount();
        cqEntryCount = pair.completions().entryCount();
        if (slots >= sqEntryCount || slots >= cqEntryCount) {
            throw new IllegalArgumentException("queues too short for %d slots".formatted(slots));
        }
        prp1 = new long[slots];
        prp2 = new long[slots];
        long length = (long) blockCount * blockBytes;
        for (int slot = 0; slot < slots; slot++) {
            DataPointer pointer = Prp.of(data, slot * length, length, 4096, 0);
            pointers.add(pointer);
            prp1[slot] = pointer.low();
            prp2[slot] = pointer.high();
        }
        completed = new int[slots];
        head = (long) nsid << NSID_SHIFT;
        lastDwords = blockCount - 1L;
        tail = pair.submissions().tail();
        cqHead = pair.completions().head();
        phase = pair.completions().phase();
    }

    /** Puts a read of the slot's buffer into the queue. */
    public void read(int slot, long lba) {
        put(IoOpcode.READ, slot, lba);
    }

    /** Puts a write of the slot's buffer into the queue. */
    public void write(int slot, long lba) {
        put(IoOpcode.WRITE, slot, lba);
    }

    /** Puts a flush into the queue. */
    public void flush(int slot) {
        put(IoOpcode.FLUSH, slot, 0);
    }

    private void put(int opcode, int slot, long lba) {
        long at = (long) tail * Sqe.SIZE;
        MemorySegment entries = sq;
        entries.set(LONG, at, head | slot << CID_SHIFT | opcode);
        entries.set(LONG, at + Sqe.CDW2, 0);
        entries.set(LONG, at + Sqe.MPTR, 0);
        boolean moves = opcode != IoOpcode.FLUSH;
        entries.set(LONG, at + Sqe.DPTR_LOW, moves ? prp1[slot] : 0);
        entries.set(LONG, at + Sqe.DPTR_HIGH, moves ? prp2[slot] : 0);
        entries.set(LONG, at + Sqe.CDW10, lba);
        entries.set(LONG, at + Sqe.CDW12, moves ? lastDwords : 0);
        entries.set(LONG, at + Sqe.CDW14, 0);
        int next = tail + 1;
        tail = next == sqEntryCount ? 0 : next;
    }

    /** Tells the device of what was put into the queue. */
    public void ring() {
        pair.submissions().tail(tail);
        pair.submissions().ring();
    }

    /**
     * Takes what has completed, and rings the completion queue's doorbell.
     *
     * @return number of slots that are free again: those of {@link #slot} below it
     */
    public int poll() {
        int count = 0;
        int at = cqHead;
        int expected = phase;
        while (count < completed.length) {
            int cidStatus = Cqe.acquireCidStatus(cq, (long) at * Cqe.SIZE);
            if (Cqe.phase(cidStatus) != expected) {
                break;
            }
            completed[count++] = cidStatus & CID_MASK;
            if (cidStatus >>> STATUS_SHIFT != 0) {
                errors++;
                lastError = cidStatus >>> STATUS_SHIFT;
            }
            at++;
            if (at == cqEntryCount) {
                at = 0;
                expected ^= 1;
            }
        }
        if (count > 0) {
            cqHead = at;
            phase = expected;
            pair.completions().reached(at, expected);
            pair.completions().ring();
        }
        return count;
    }

    /** Slot {@code index} of those that the last {@link #poll} returned. */
    public int slot(int index) {
        return completed[index];
    }

    /** Transfers that failed so far. */
    public long errors() {
        return errors;
    }

    /** Status of the last transfer that failed, 0 when none did. */
    public int lastError() {
        return lastError;
    }

    /** Hands the queue pair back; nothing is in flight. */
    public void finish() {
        pair.submissions().head(tail);
        pointers.forEach(DataPointer::close);
        pointers.clear();
    }
}

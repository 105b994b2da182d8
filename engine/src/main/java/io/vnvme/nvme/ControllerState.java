package io.vnvme.nvme;

import io.vnvme.nvme.wire.Sqe;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Everything that a controller needs to go on elsewhere, in one memfd of a documented layout
 * (docs/formats/controller-state.md): registers, queues, features, outstanding commands.
 *
 * <p>Little endian. The file is sparse: what no queue uses takes no memory.
 *
 * <pre>
 * 0x00000  header: magic (8), version (4), size in KiB (4), CNTLID (4)
 * 0x00100  registers: CC, CSTS, AQA, interrupt mask (4 each), ASQ, ACQ (8 each), shadow doorbells, EventIdx (8 each)
 * 0x00200  features: 64 values of 4 bytes, by {@link Features}; Host Identifier (16); timestamp (8), its time (8)
 * 0x00400  outstanding Asynchronous Event Requests: count (4), then their CIDs (4 each)
 * 0x01000  submission queues, 64 bytes each: base (8), entries, head, CQID, priority (4 each), valid (4)
 * 0x03000  completion queues, 64 bytes each: base (8), entries, tail, phase, vector, flags (4 each), valid (4)
 * 0x10000  command slots of submission queue q at 0x10000 + q * 0x11000:
 *          1024 submission queue entries (64 bytes each), then 1024 words (4 bytes each): in use or not
 * </pre>
 */
final class ControllerState implements AutoCloseable {
    static final long MAGIC = 0x5453_4365_4d56_4e76L;
    static final int VERSION = 1;

    /** I/O queue pairs, and one admin queue pair before them. */
    static final int IO_QUEUES_MAX = 64;

    static final int QUEUES = IO_QUEUES_MAX + 1;
    /** Largest queue, in entries. */
    static final int ENTRIES_MAX = 1024;

    private static final long REGISTERS = 0x100;
    static final long CC = REGISTERS;
    static final long CSTS = REGISTERS + 4;
    static final long AQA = REGISTERS + 8;
    static final long INTERRUPT_MASK = REGISTERS + 12;
    static final long ASQ = REGISTERS + 16;
    static final long ACQ = REGISTERS + 24;
    static final long SHADOW_DOORBELLS = REGISTERS + 32;
    static final long EVENT_INDEX = REGISTERS + 40;

    static final long FEATURES = 0x200;
    static final long HOST_ID = FEATURES + 0x100;
    static final long TIMESTAMP = HOST_ID + 16;
    static final long TIMESTAMP_SET_NS = TIMESTAMP + 8;

    static final long ASYNC_EVENTS = 0x400;

    private static final long SUBMISSION_QUEUES = 0x1000;
    private static final long COMPLETION_QUEUES = 0x3000;
    private static final int QUEUE_SIZE = 64;
    static final long QUEUE_BASE = 0;
    static final long QUEUE_ENTRIES = 8;
    static final long SQ_HEAD = 12;
    static final long SQ_CQID = 16;
    static final long SQ_PRIORITY = 20;
    static final long CQ_TAIL = 12;
    static final long CQ_PHASE = 16;
    static final long CQ_VECTOR = 20;
    static final long CQ_INTERRUPTS = 24;
    static final long QUEUE_VALID = 28;

    private static final long SLOTS = 0x10000;
    private static final long SLOT_WORDS = (long) ENTRIES_MAX * Sqe.SIZE;
    private static final long SLOTS_SIZE = SLOT_WORDS + ENTRIES_MAX * 4L;
    static final long SIZE = (SLOTS + QUEUES * SLOTS_SIZE + 4095) & -4096L;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Fd fd;
    private final Mapping mapping;
    private final MemorySegment segment;

    ControllerState(int controllerId) {
        fd = Memfd.create("vnvme-controller", SIZE);
        try {
            mapping = Mapping.shared(fd, 0, SIZE, true);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
        segment = mapping.segment();
        segment.set(LONG, 0, MAGIC);
        segment.set(INT, 8, VERSION);
        segment.set(INT, 12, (int) (SIZE >>> 10));
        segment.set(INT, 16, controllerId);
    }

    MemorySegment segment() {
        return segment;
    }

    int getInt(long offset) {
        return segment.get(INT, offset);
    }

    void setInt(long offset, int value) {
        segment.set(INT, offset, value);
    }

    long getLong(long offset) {
        return segment.get(LONG, offset);
    }

    void setLong(long offset, long value) {
        segment.set(LONG, offset, value);
    }

    static long submissionQueue(int id) {
        return SUBMISSION_QUEUES + (long) id * QUEUE_SIZE;
    }

    static long completionQueue(int id) {
        return COMPLETION_QUEUES + (long) id * QUEUE_SIZE;
    }

    /** Where the submission queue entry of a slot lies. */
    static long slot(int queueId, int slot) {
        return SLOTS + queueId * SLOTS_SIZE + (long) slot * Sqe.SIZE;
    }

    /** Where the word that says whether a slot is in use lies. */
    static long slotWord(int queueId, int slot) {
        return SLOTS + queueId * SLOTS_SIZE + SLOT_WORDS + slot * 4L;
    }

    /** Forgets queues, commands and events, as a controller reset does. */
    void clearQueues() {
        for (int id = 0; id < QUEUES; id++) {
            segment.asSlice(submissionQueue(id), QUEUE_SIZE).fill((byte) 0);
            segment.asSlice(completionQueue(id), QUEUE_SIZE).fill((byte) 0);
        }
        setInt(ASYNC_EVENTS, 0);
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}

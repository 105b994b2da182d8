package io.vnvme.nvme;

import io.vnvme.memory.KeptMemory;
import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.os.Fd;
import java.lang.foreign.MemorySegment;

/**
 * Everything that a controller needs to go on elsewhere, in one memfd of a documented layout
 * (docs/formats/controller-state.md): registers, queues, features, outstanding commands.
 *
 * <p>Little endian. The file is sparse: what no queue uses takes no memory.
 *
 * <pre>
 * 0x00000  header: magic (8), version (4), size in KiB (4), CNTLID (4)
 * 0x00100  registers: CC, CSTS, AQA, interrupt mask (4 each), ASQ, ACQ (8 each), shadow doorbells, EventIdx (8 each)
 * 0x00200  features: 64 values of 4 bytes, by {@link Features}; Host Identifier (16); timestamp (8), its time (8);
 *          temperature thresholds (4 each); vectors without coalescing, a bit each (32)
 * 0x00400  outstanding Asynchronous Event Requests: count (4), then their CIDs (4 each)
 * 0x00440  events that wait for a request: count (4), then the events (4 each); masked types, a bit each (4);
 *          changed namespaces, a bit each (24)
 * 0x01000  submission queues, 64 bytes each: base (8), entries, CQID, priority, valid (4 each), entries fetched (8)
 * 0x03000  completion queues, 64 bytes each: base (8), entries, vector, flags, valid (4 each), entries posted (8),
 *          those of them that are delivered by messages (8)
 * 0x10000  command slots of submission queue q at 0x10000 + q * 0x12000:
 *          1024 submission queue entries (64 bytes each), then 1024 words (8 bytes each), see {@link #IN_FLIGHT}
 * 0x4a2000 completions of queue q that go by messages, at 0x4a2000 + q * 0x10000: a ring of 16 bytes each
 * </pre>
 *
 * <p>What is counted is counted from the queue's creation on, so that one store moves it on: head, tail and phase tag
 * follow from it. Stores that another process must find in their order are made with release.
 */
final class ControllerState extends KeptMemory {
    static final long MAGIC = 0x5453_4365_4d56_4e76L;
    static final int VERSION = 2;

    /** I/O queue pairs, and one admin queue pair before them. */
    static final int IO_QUEUES_MAX = 64;

    static final int QUEUES = IO_QUEUES_MAX + 1;
    /** Largest queue, in entries. */
    static final int ENTRIES_MAX = 1024;
    /** Largest admin queue, by the fields of AQA. */
    static final int ADMIN_ENTRIES_MAX = 4096;

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

    static final long TEMPERATURES = TIMESTAMP_SET_NS + 8;
    static final long VECTOR_CONFIG = FEATURES + 0x140;
    static final int VECTORS_MAX = 256;

    static final long ASYNC_EVENTS = 0x400;
    static final long PENDING_EVENTS = 0x440;
    static final int PENDING_EVENTS_MAX = 15;
    static final long MASKED_EVENTS = 0x480;
    static final long CHANGED_NAMESPACES = 0x488;
    static final int CHANGED_WORDS = 3;

    private static final long SUBMISSION_QUEUES = 0x1000;
    private static final long COMPLETION_QUEUES = 0x3000;
    private static final int QUEUE_SIZE = 64;
    static final long QUEUE_BASE = 0;
    static final long QUEUE_ENTRIES = 8;
    static final long SQ_CQID = 12;
    static final long SQ_PRIORITY = 16;
    static final long CQ_VECTOR = 12;
    static final long CQ_INTERRUPTS = 16;
    static final long QUEUE_VALID = 28;
    static final long SQ_FETCHED = 32;
    static final long CQ_POSTED = 32;
    static final long CQ_DELIVERED = 40;

    /**
     * A slot's word, 0 when the slot is free: a command is in it, which was fetched as number (bits 47:0) of its queue.
     */
    static final long IN_FLIGHT = 1L << 62;
    /** Its completion is being written at the index of bits 59:48 of its completion queue. */
    static final long COMPLETING = 1L << 63;
    /** The second half of a fused operation whose first half has succeeded. */
    static final long PASSED = 1L << 61;

    static final int COMPLETION_INDEX_SHIFT = 48;
    static final long NUMBER_MASK = (1L << COMPLETION_INDEX_SHIFT) - 1;

    private static final long SLOTS = 0x10000;
    private static final long SLOT_WORDS = (long) ENTRIES_MAX * Sqe.SIZE;
    private static final long SLOTS_SIZE = SLOT_WORDS + ENTRIES_MAX * 8L;
    private static final long COMPLETIONS = SLOTS + QUEUES * SLOTS_SIZE;
    private static final long COMPLETIONS_SIZE = (long) ADMIN_ENTRIES_MAX * Cqe.SIZE;
    static final long SIZE = (COMPLETIONS + QUEUES * COMPLETIONS_SIZE + 4095) & -4096L;

    private static final long SIZE_KIB = 12;
    private static final long CONTROLLER_ID = 16;
    static final Layout LAYOUT = new Layout("vnvme-controller", MAGIC, VERSION, SIZE);

    ControllerState(int controllerId) {
        super(LAYOUT);
        setInt(SIZE_KIB, (int) (SIZE >>> 10));
        setInt(CONTROLLER_ID, controllerId);
    }

    /**
     * What another process has left.
     *
     * @param found its owner from now on, also when it fails
     * @throws IllegalArgumentException when it is none such, or of another version
     */
    ControllerState(Fd found) {
        super(LAYOUT, found);
    }

    int controllerId() {
        return getInt(CONTROLLER_ID);
    }

    void controllerId(int id) {
        setInt(CONTROLLER_ID, id);
    }

    static long submissionQueue(int id) {
        return SUBMISSION_QUEUES + (long) id * QUEUE_SIZE;
    }

    static long completionQueue(int id) {
        return COMPLETION_QUEUES + (long) id * QUEUE_SIZE;
    }

    /** Whether there is a submission or completion queue of this identifier. */
    boolean hasQueue(int id, boolean submission) {
        return getInt((submission ? submissionQueue(id) : completionQueue(id)) + QUEUE_VALID) != 0;
    }

    /** Where the submission queue entry of a slot lies. */
    static long slot(int queueId, int slot) {
        return SLOTS + queueId * SLOTS_SIZE + (long) slot * Sqe.SIZE;
    }

    /** The entries of a completion queue that reach the guest by messages. */
    MemorySegment completions(int queueId) {
        return segment().asSlice(COMPLETIONS + queueId * COMPLETIONS_SIZE, COMPLETIONS_SIZE);
    }

    /** Where the word that says whether a slot is in use lies. */
    static long slotWord(int queueId, int slot) {
        return SLOTS + queueId * SLOTS_SIZE + SLOT_WORDS + slot * 8L;
    }

    /** Forgets queues, commands and events, as a controller reset does. */
    void clearQueues() {
        for (int id = 0; id < QUEUES; id++) {
            segment().asSlice(submissionQueue(id), QUEUE_SIZE).fill((byte) 0);
            segment().asSlice(completionQueue(id), QUEUE_SIZE).fill((byte) 0);
        }
        setInt(ASYNC_EVENTS, 0);
        setInt(PENDING_EVENTS, 0);
        setInt(MASKED_EVENTS, 0);
        for (int i = 0; i < CHANGED_WORDS; i++) {
            setLong(CHANGED_NAMESPACES + 8L * i, 0);
        }
    }
}

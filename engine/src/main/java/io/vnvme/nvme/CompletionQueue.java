package io.vnvme.nvme;

import io.vnvme.memory.DmaLog;
import io.vnvme.memory.DmaMessages;
import io.vnvme.memory.Region;
import io.vnvme.nvme.wire.Cqe;
import java.lang.foreign.MemorySegment;

/**
 * A completion queue. A slot is reserved before a command is fetched, so a completion always has its place.
 *
 * <p>Head and tail are 0-based entry indexes; the queue holds at most entries - 1.
 */
final class CompletionQueue {
    private final Controller controller;
    private final int id;
    private final int entries;
    private final int vector;
    private final boolean interrupts;
    private final QueueMemory ring;
    private final DmaLog log;
    private final ControllerState state;
    private final long record;
    private int head;
    /** The last value that could not be a head: it is an event once, not at every look. */
    private int invalidHead;

    private int tail;
    private int phase = 1;
    /** Entries that were ever posted: tail and phase tag are where that many lead. */
    private long postedCount;

    private int reserved;
    private boolean fresh;
    private boolean deleted;
    private int submissionQueues;
    /** Entries that messages have brought to the guest. */
    private long deliveredCount;

    CompletionQueue(Controller controller, int id, long baseIova, int entries, int vector, boolean interrupts) {
        this.controller = controller;
        this.id = id;
        this.entries = entries;
        this.vector = vector;
        this.interrupts = interrupts;
        this.ring = new QueueMemory(controller.memory(), baseIova, Cqe.SIZE, true);
        this.state = controller.state();
        this.log = controller.memory().log();
        this.record = ControllerState.completionQueue(id);
        state.setLong(record + ControllerState.QUEUE_BASE, baseIova);
        state.setInt(record + ControllerState.QUEUE_ENTRIES, entries);
        state.setInt(record + ControllerState.CQ_VECTOR, vector);
        state.setInt(record + ControllerState.CQ_INTERRUPTS, interrupts ? 1 : 0);
        state.setLong(record + ControllerState.CQ_POSTED, 0);
        state.setLong(record + ControllerState.CQ_DELIVERED, 0);
        state.setInt(record + ControllerState.QUEUE_VALID, 1);
    }

    /** The queue that the controller's state tells of. */
    CompletionQueue(Controller controller, int id) {
        this.controller = controller;
        this.id = id;
        this.state = controller.state();
        this.log = controller.memory().log();
        this.record = ControllerState.completionQueue(id);
        this.entries = state.getInt(record + ControllerState.QUEUE_ENTRIES);
        this.vector = state.getInt(record + ControllerState.CQ_VECTOR);
        this.interrupts = state.getInt(record + ControllerState.CQ_INTERRUPTS) != 0;
        this.ring = new QueueMemory(
                controller.memory(), state.getLong(record + ControllerState.QUEUE_BASE), Cqe.SIZE, true);
        count(state.getLong(record + ControllerState.CQ_POSTED));
        deliveredCount = state.getLong(record + ControllerState.CQ_DELIVERED);
    }

    /** Sends again what messages were to bring to the guest, and may not have: the host has not taken it, or will not look. */
    void adoptUndelivered() {
        for (long number = Math.max(deliveredCount, postedCount - entries); number < postedCount; number++) {
            int index = (int) (number % entries);
            Region region = ring.regionOf(index);
            if (region != null && region.segment() == null) {
                deliver(ring.iova(index), state.completions(id).asSlice((long) index * Cqe.SIZE, Cqe.SIZE));
            }
        }
    }

    private void count(long posted) {
        postedCount = posted;
        tail = (int) (posted % entries);
        phase = (posted / entries & 1) == 0 ? 1 : 0;
    }

    /**
     * What the doorbell says of the host's head is taken as it is: after this, entries from there on count as not taken.
     * A host that says what cannot be has its whole queue to take.
     */
    void adoptHead() {
        int rung = controller.doorbells().acquire(id, Doorbells.headOffset(id));
        head = rung >= 0 && rung < entries ? rung : tail;
    }

    /**
     * Whether the completion that was about to be written at an index has been: then it is posted.
     *
     * @param index where the tail was
     */
    boolean adoptPosted(int index) {
        if (index != tail) {
            return true;
        }
        Region region = ring.regionOf(tail);
        MemorySegment memory = region == null ? null : region.segment();
        if (region == null || memory == null) {
            return false;
        }
        int cidStatus = Cqe.acquireCidStatus(memory, QueueMemory.offset(region, ring.iova(tail)));
        if (Cqe.phase(cidStatus) != phase) {
            return false;
        }
        advance();
        return true;
    }

    /** Sets aside a slot for a command that is in flight already. */
    void adoptReservation() {
        reserved++;
    }

    int tail() {
        return tail;
    }

    int id() {
        return id;
    }

    int vector() {
        return vector;
    }

    boolean interrupts() {
        return interrupts;
    }

    /** Submission queues that complete here. */
    int submissionQueues() {
        return submissionQueues;
    }

    void bind() {
        submissionQueues++;
    }

    void unbind() {
        submissionQueues--;
    }

    void delete() {
        deleted = true;
        state.setInt(record + ControllerState.QUEUE_VALID, 0);
    }

    /** Sets aside a slot for one completion; false when the host has not taken enough of the old ones. */
    boolean reserve() {
        if (full()) {
            return false;
        }
        reserved++;
        return true;
    }

    /** True when the host has to take entries before there is room for another one. */
    boolean full() {
        if (used() + reserved < entries - 1) {
            return false;
        }
        refreshHead();
        return used() + reserved >= entries - 1;
    }

    /** Asks for the doorbell to be rung when the host has taken entries. */
    void arm() {
        controller.doorbells().arm(Doorbells.headOffset(id), head);
    }

    /** Gives back a slot that {@link #reserve} set aside. */
    void cancel() {
        reserved--;
    }

    private int used() {
        int used = tail - head;
        return used < 0 ? used + entries : used;
    }

    private void refreshHead() {
        int rung = controller.doorbells().acquire(id, Doorbells.headOffset(id));
        if (rung == head) {
            return;
        }
        int advance = rung - head;
        advance = advance < 0 ? advance + entries : advance;
        if (rung >= 0 && rung < entries && advance <= used()) {
            head = rung;
        } else if (rung != invalidHead) {
            invalidHead = rung;
            controller.events().invalidDoorbell(id, rung);
        }
    }

    /** True when entries that the host has not taken wait for an interrupt to be seen. */
    boolean pending() {
        refreshHead();
        return interrupts && used() > 0;
    }

    /** Writes the completion of a command into a slot that was reserved for it. */
    void post(long result, int sqHead, int sqId, int cid, int status) {
        reserved--;
        Region region = ring.regionOf(tail);
        if (region == null) {
            controller.fatal("completion queue %d has no memory at entry %d".formatted(id, tail));
            return;
        }
        long iova = ring.iova(tail);
        if (region.segment() != null) {
            Cqe.write(
                    QueueMemory.segment(region),
                    QueueMemory.offset(region, iova),
                    result,
                    sqHead,
                    sqId,
                    cid,
                    status,
                    phase);
            if (log.on()) {
                log.add(iova, Cqe.SIZE);
            }
            posted();
        } else {
            postByMessage(iova, result, sqHead, sqId, cid, status);
        }
        advance();
    }

    private void advance() {
        tail++;
        if (tail == entries) {
            tail = 0;
            phase ^= 1;
        }
        postedCount++;
        state.publishLong(record + ControllerState.CQ_POSTED, postedCount);
    }

    private void posted() {
        if (!fresh) {
            fresh = true;
            controller.posted(this);
        }
    }

    /** Takes note that the interrupt for what was posted is on its way. */
    void interrupted() {
        fresh = false;
    }

    private void postByMessage(long iova, long result, int sqHead, int sqId, int cid, int status) {
        // The slot is not written again before the host has taken this entry.
        MemorySegment entry = state.completions(id).asSlice((long) tail * Cqe.SIZE, Cqe.SIZE);
        Cqe.write(entry, 0, result, sqHead, sqId, cid, status, phase);
        deliver(iova, entry);
    }

    private void deliver(long iova, MemorySegment entry) {
        DmaMessages messages = controller.memory().messages();
        if (messages == null) {
            controller.fatal("completion queue %d has no memory".formatted(id));
            return;
        }
        long epoch = controller.epoch();
        messages.write(iova, entry, ok -> {
            if (deleted || controller.epoch() != epoch) {
                return;
            }
            if (ok) {
                log.add(iova, Cqe.SIZE);
                deliveredCount++;
                state.publishLong(record + ControllerState.CQ_DELIVERED, deliveredCount);
                posted();
            } else {
                controller.fatal("completion queue %d could not be written".formatted(id));
            }
        });
    }
}

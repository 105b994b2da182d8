package io.vnvme.nvme;

import io.vnvme.memory.DmaMessages;
import io.vnvme.memory.Region;
import io.vnvme.nvme.wire.Sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A submission queue: entries are copied once, into a command slot of the controller's state, and only the copy is
 * looked at.
 *
 * <p>Head, tail and slots are 0-based. A queue has as many slots as entries, the admin queue some more for commands
 * that wait for events; never more than the controller's state has room for.
 */
final class SubmissionQueue {
    private static final long INDEX_MASK = 0xfffL << ControllerState.COMPLETION_INDEX_SHIFT;

    private final Controller controller;
    private final int id;
    private final int entries;
    private final int priority;
    private final CompletionQueue completions;
    private final QueueMemory ring;
    private final ControllerState state;
    private final long record;
    private final int[] freeSlots;
    private int freeCount;
    private int head;
    /** Entries that were ever fetched: the head is where that many lead. */
    private long fetchedCount;

    private int tail;
    /** The last value that could not be a tail: it is an event once, not at every look. */
    private int invalidTail;
    /** Where the host was asked to ring: it does whenever its tail leaves this position. */
    private int armedTail;

    private boolean deleting;
    private boolean deleted;
    private @Nullable Request fusedFirst;

    // Entries that were fetched by messages: [head, fetched) of the staged ring.
    private @Nullable MemorySegment staged;
    private int fetched;
    private boolean fetching;

    SubmissionQueue(
            Controller controller, int id, long baseIova, int entries, int priority, CompletionQueue completions) {
        this.controller = controller;
        this.id = id;
        this.entries = entries;
        this.priority = priority;
        this.completions = completions;
        this.ring = new QueueMemory(controller.memory(), baseIova, Sqe.SIZE, false);
        this.state = controller.state();
        this.record = ControllerState.submissionQueue(id);
        this.freeSlots = new int[slots(id, entries)];
        for (int slot = freeSlots.length - 1; slot >= 0; slot--) {
            freeSlots[freeCount++] = slot;
            state.setLong(ControllerState.slotWord(id, slot), 0);
        }
        completions.bind();
        state.setLong(record + ControllerState.QUEUE_BASE, baseIova);
        state.setInt(record + ControllerState.QUEUE_ENTRIES, entries);
        state.setInt(record + ControllerState.SQ_CQID, completions.id());
        state.setInt(record + ControllerState.SQ_PRIORITY, priority);
        state.setLong(record + ControllerState.SQ_FETCHED, 0);
        state.setInt(record + ControllerState.QUEUE_VALID, 1);
    }

    /**
     * The queue that the controller's state tells of, with its commands in flight; they are begun anew by
     * {@link Adoption}.
     */
    SubmissionQueue(Controller controller, int id, CompletionQueue completions) {
        this.controller = controller;
        this.id = id;
        this.completions = completions;
        this.state = controller.state();
        this.record = ControllerState.submissionQueue(id);
        this.entries = state.getInt(record + ControllerState.QUEUE_ENTRIES);
        this.priority = state.getInt(record + ControllerState.SQ_PRIORITY);
        this.fetchedCount = state.getLong(record + ControllerState.SQ_FETCHED);
        this.ring = new QueueMemory(
                controller.memory(), state.getLong(record + ControllerState.QUEUE_BASE), Sqe.SIZE, false);
        this.freeSlots = new int[slots(id, entries)];
        for (int slot = freeSlots.length - 1; slot >= 0; slot--) {
            long word = state.getLong(ControllerState.slotWord(id, slot));
            if (word == 0 || ended(slot, word)) {
                freeSlots[freeCount++] = slot;
            } else if ((word & ControllerState.NUMBER_MASK) == fetchedCount) {
                // It was in its slot already when the count did not say so yet.
                fetchedCount++;
            }
        }
        this.head = (int) (fetchedCount % entries);
        this.fetched = head;
        // Until the doorbell is looked at.
        this.tail = head;
        state.publishLong(record + ControllerState.SQ_FETCHED, fetchedCount);
        completions.bind();
    }

    /** Whether the completion of the command that was found in a slot stands in its queue. */
    private boolean ended(int slot, long word) {
        if ((word & ControllerState.COMPLETING) == 0) {
            return false;
        }
        int index = (int) ((word & INDEX_MASK) >>> ControllerState.COMPLETION_INDEX_SHIFT);
        boolean posted = completions.adoptPosted(index);
        state.publishLong(
                ControllerState.slotWord(id, slot), posted ? 0 : word & ~(ControllerState.COMPLETING | INDEX_MASK));
        return posted;
    }

    /** Command slots of a queue. */
    static int slots(int id, int entries) {
        int slots = id == 0 ? entries + AsyncEvents.REQUESTS_MAX : entries;
        return Math.min(slots, ControllerState.ENTRIES_MAX);
    }

    int slots() {
        return freeSlots.length;
    }

    int id() {
        return id;
    }

    int head() {
        return head;
    }

    /** 0 urgent, 1 high, 2 medium, 3 low. */
    int priority() {
        return priority;
    }

    CompletionQueue completions() {
        return completions;
    }

    /** Commands fetched and not yet completed. */
    int inFlight() {
        return freeSlots.length - freeCount;
    }

    boolean deleting() {
        return deleting;
    }

    /** Fetches nothing any more; what is in flight completes. */
    void beginDeletion() {
        deleting = true;
    }

    void delete() {
        deleted = true;
        completions.unbind();
        state.setInt(record + ControllerState.QUEUE_VALID, 0);
    }

    /** The first half of a fused operation that waits for its second. */
    @Nullable
    Request fusedFirst() {
        return fusedFirst;
    }

    void fusedFirst(@Nullable Request request) {
        fusedFirst = request;
    }

    /** Looks at the doorbell. @return true when there are entries to fetch */
    boolean lookAtTail() {
        int rung = controller.doorbells().acquire(id, Doorbells.tailOffset(id));
        if (rung != tail) {
            if (rung >= 0 && rung < entries) {
                tail = rung;
                if (controller.doorbells().armable()) {
                    keepSilent();
                }
            } else if (rung != invalidTail) {
                invalidTail = rung;
                controller.events().invalidDoorbell(id, rung);
            }
        }
        return head != tail && !deleting;
    }

    /** Entries that were seen and not fetched yet. */
    int waiting() {
        int count = tail - head;
        return count < 0 ? count + entries : count;
    }

    /**
     * While the queue is polled nobody needs a ring: where the host was asked for one is kept far behind its tail, so that it
     * does not come by once a round.
     */
    private void keepSilent() {
        int ahead = armedTail - tail;
        if ((ahead < 0 ? ahead + entries : ahead) < entries / 2) {
            arm(tail == 0 ? entries - 1 : tail - 1);
        }
    }

    private void arm(int position) {
        armedTail = position;
        controller.doorbells().arm(Doorbells.tailOffset(id), position);
    }

    /** Asks to be woken by new entries and, where entries wait for that, by room for completions. */
    void arm() {
        arm(tail);
        if (head != tail && completions.full()) {
            completions.arm();
        }
    }

    /** After a fence behind {@link #arm()}: whether something came before the host could know that it is to ring. */
    boolean overtaken() {
        int rung = controller.doorbells().acquire(id, Doorbells.tailOffset(id));
        boolean news = rung != tail && (rung != invalidTail || rung >= 0 && rung < entries);
        return news || head != tail && !completions.full() && !deleting && freeCount > 0 && !fetching;
    }

    /**
     * Takes the entry at the head into a slot.
     *
     * @return the slot, or -1 when there is no entry, no slot, or no room for its completion now
     */
    int fetch() {
        if (head == tail || deleting || freeCount == 0) {
            return -1;
        }
        Region region = ring.regionOf(head);
        if (region == null) {
            controller.fatal("submission queue %d has no memory at entry %d".formatted(id, head));
            return -1;
        }
        MemorySegment source = region.segment();
        long offset = QueueMemory.offset(region, ring.iova(head));
        if (source == null) {
            source = fetchedByMessage(region);
            offset = (long) head * Sqe.SIZE;
        }
        if (source == null || !completions.reserve()) {
            return -1;
        }
        int slot = freeSlots[--freeCount];
        MemorySegment.copy(source, offset, state.segment(), ControllerState.slot(id, slot), Sqe.SIZE);
        state.publishLong(ControllerState.slotWord(id, slot), ControllerState.IN_FLIGHT | fetchedCount);
        fetchedCount++;
        head = head + 1 == entries ? 0 : head + 1;
        if (region.segment() != null) {
            // What was staged, if anything ever was, is behind now.
            fetched = head;
        }
        state.publishLong(record + ControllerState.SQ_FETCHED, fetchedCount);
        return slot;
    }

    /** The completion of the command in a slot is about to be written at the completion queue's tail. */
    void completing(int slot) {
        long word = ControllerState.slotWord(id, slot);
        long index = (long) completions.tail() << ControllerState.COMPLETION_INDEX_SHIFT;
        state.publishLong(word, state.getLong(word) & ~INDEX_MASK | ControllerState.COMPLETING | index);
    }

    /** The first half has succeeded of the fused operation whose second half is in a slot. */
    void passed(int slot) {
        long word = ControllerState.slotWord(id, slot);
        state.publishLong(word, state.getLong(word) | ControllerState.PASSED);
    }

    /** A command has ended: its slot can take another. */
    void free(int slot) {
        freeSlots[freeCount++] = slot;
        state.publishLong(ControllerState.slotWord(id, slot), 0);
    }

    /** The staged ring when the entry at the head has been read by message; otherwise asks for it and says null. */
    private @Nullable MemorySegment fetchedByMessage(Region region) {
        MemorySegment ready = staged;
        if (ready != null && head != fetched) {
            return ready;
        }
        DmaMessages messages = controller.memory().messages();
        if (messages == null || fetching) {
            return null;
        }
        if (ready == null) {
            ready = Arena.ofAuto().allocate((long) entries * Sqe.SIZE, Sqe.SIZE);
            staged = ready;
        }
        int first = head;
        int contiguous = (tail > first ? tail : entries) - first;
        int count = Math.min(contiguous, ring.entriesFrom(region, first));
        fetching = true;
        long epoch = controller.epoch();
        messages.read(ring.iova(first), ready.asSlice((long) first * Sqe.SIZE, (long) count * Sqe.SIZE), ok -> {
            if (deleted || controller.epoch() != epoch) {
                return;
            }
            fetching = false;
            if (ok && first != head) {
                // Its memory could be looked at meanwhile, and was.
                return;
            }
            if (ok) {
                fetched = (first + count) % entries;
            } else {
                controller.fatal("submission queue %d could not be read".formatted(id));
            }
        });
        return null;
    }
}

package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.Cqe;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The host's end of a completion queue. */
public final class CompletionQueue {
    private final int id;
    private final int entryCount;
    private final int vector;
    private final Buffer memory;
    private final Doorbells doorbells;
    private final Map<Integer, SubmissionQueue> submitters = new HashMap<>();
    private final Map<Integer, Completion> unclaimed = new HashMap<>();
    private int head;
    private int phase = 1;

    CompletionQueue(int id, int entryCount, int vector, Buffer memory, Doorbells doorbells) {
        this.id = id;
        this.entryCount = entryCount;
        this.vector = vector;
        this.memory = memory;
        this.doorbells = doorbells;
    }

    public int id() {
        return id;
    }

    public int entryCount() {
        return entryCount;
    }

    /** Interrupt vector, -1 when interrupts are off. */
    public int vector() {
        return vector;
    }

    public Buffer memory() {
        return memory;
    }

    public int head() {
        return head;
    }

    int phase() {
        return phase;
    }

    /** A new queue: what one of the same identifier left unclaimed is of no interest. */
    void attach(SubmissionQueue queue) {
        unclaimed.keySet().removeIf(key -> key >>> 16 == queue.id());
        submitters.put(queue.id(), queue);
    }

    void detach(SubmissionQueue queue) {
        submitters.remove(queue.id());
    }

    /** Takes the next entry, without ringing; null when there is none. */
    public @Nullable Completion poll() {
        MemorySegment entries = memory.segment();
        long at = (long) head * Cqe.SIZE;
        int cidStatus = Cqe.acquireCidStatus(entries, at);
        if (Cqe.phase(cidStatus) != phase) {
            return null;
        }
        Completion completion = new Completion(
                Cqe.result(entries, at),
                Cqe.sqHead(entries, at),
                Cqe.sqId(entries, at),
                Cqe.cid(cidStatus),
                Cqe.status(cidStatus));
        SubmissionQueue queue = submitters.get(completion.sqId());
        if (queue == null) {
            throw new DriverException("completion for a queue that is not there: " + completion);
        }
        queue.head(completion.sqHead());
        head++;
        if (head == entryCount) {
            head = 0;
            phase ^= 1;
        }
        return completion;
    }

    public void ring() {
        doorbells.ring(Doorbells.head(id), head);
    }

    /** Takes all entries that are there, for {@link #claim}, and rings. Returns their number. */
    public int drain() {
        int count = 0;
        for (Completion completion = poll(); completion != null; completion = poll()) {
            if (unclaimed.put(key(completion.sqId(), completion.cid()), completion) != null) {
                throw new DriverException("completed twice: " + completion);
            }
            count++;
        }
        if (count > 0) {
            ring();
        }
        return count;
    }

    /** The completion of a command, once {@link #drain} has taken it; null before. */
    public @Nullable Completion claim(int sqId, int cid) {
        return unclaimed.remove(key(sqId, cid));
    }

    /** Completions that were taken and not claimed. */
    public int unclaimed() {
        return unclaimed.size();
    }

    private static int key(int sqId, int cid) {
        return sqId << 16 | cid;
    }

    /** Where {@link PolledIo} left the queue. */
    void reached(int newHead, int newPhase) {
        head = newHead;
        phase = newPhase;
    }
}

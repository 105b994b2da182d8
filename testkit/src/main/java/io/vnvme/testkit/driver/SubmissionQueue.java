package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.Sqe;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.MemorySegment;

/** The host's end of a submission queue. */
public final class SubmissionQueue {
    /** Identifiers above are never given out, so that a test can use its own. */
    public static final int CID_LIMIT = 0xF000;

    private final int id;
    private final int entryCount;
    private final Buffer memory;
    private final CompletionQueue completions;
    private final Doorbells doorbells;
    private int tail;
    private int head;
    private int nextCid;

    SubmissionQueue(int id, int entryCount, Buffer memory, CompletionQueue completions, Doorbells doorbells) {
        this.id = id;
        this.entryCount = entryCount;
        this.memory = memory;
        this.completions = completions;
        this.doorbells = doorbells;
        completions.attach(this);
    }

    public int id() {
        return id;
    }

    public int entryCount() {
        return entryCount;
    }

    public Buffer memory() {
        return memory;
    }

    public CompletionQueue completions() {
        return completions;
    }

    public int tail() {
        return tail;
    }

    /** Where the controller last said that it had read to. */
    public int head() {
        return head;
    }

    void head(int reported) {
        head = reported;
    }

    public boolean full() {
        return (tail + 1) % entryCount == head;
    }

    /**
     * Puts a command into the queue, without ringing.
     *
     * @return its command identifier
     */
    public int submit(Command command) {
        int cid = nextCid;
        nextCid = (nextCid + 1) % CID_LIMIT;
        submitAs(command.cid(cid));
        return cid;
    }

    /** Puts a command into the queue as it is, without ringing. */
    public void submitAs(Command command) {
        MemorySegment.copy(command.bytes(), 0, memory.segment(), (long) tail * Sqe.SIZE, Sqe.SIZE);
        tail = (tail + 1) % entryCount;
    }

    public void ring() {
        doorbells.ring(Doorbells.tail(id), tail);
    }

    /** Where {@link PolledIo} left the queue. */
    void tail(int reached) {
        tail = reached;
    }
}

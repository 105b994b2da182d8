package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.memory.FetchedLists;
import io.vnvme.memory.Segments;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.qos.Share;
import io.vnvme.qos.Ticket;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A command between its fetch and its completion. Pooled by its controller and reused without allocation.
 *
 * <p>The submission queue entry that it works from is the copy in its slot, which the host cannot change.
 */
final class Request extends Ticket implements Io.Completion {
    private final Controller controller;
    private final MemorySegment slots;
    private final Io io = new Io(this);
    private final Segments remote = new Segments();
    private @Nullable SubmissionQueue queue;
    private int slot;
    private long sqe;
    private long epoch;
    private long fetchedNs;

    // What the command turned out to be.
    private long dataBytes;
    private boolean toGuest;
    private long result;
    private @Nullable Namespace namespace;

    // Where a command of several steps is, and what it needs on its way.
    private int step;
    private long cursor;
    private @Nullable Io work;
    private @Nullable MemorySegment scratch;
    private @Nullable MemorySegment stage;
    private @Nullable FetchedLists lists;
    private @Nullable Request fusedPartner;
    private int heldStatus;

    // Where it stands with the namespace's range lock.
    private boolean running;
    private boolean awaited;
    private RangeLock.@Nullable Hold hold;

    /** Whether work was done for it before it came to wait for its turn. */
    private boolean begun;

    // What of it a drive works on that answers later, and whose share that is of.
    private @Nullable Namespace workOf;
    private @Nullable Share flightOf;
    private int flightKind;
    private long flightBytes;

    // Whether the command has not ended yet, and whether its guest memory is kept from being given back.
    private boolean live;
    private boolean holding;

    /** Whether another process has fetched it, and may have carried it out. */
    private boolean again;

    Request(Controller controller) {
        this.controller = controller;
        this.slots = controller.state().segment();
    }

    void begin(SubmissionQueue queue, int slot) {
        this.queue = queue;
        this.slot = slot;
        live = true;
        again = false;
        sqe = ControllerState.slot(queue.id(), slot);
        epoch = controller.epoch();
        fetchedNs = controller.passMeter().beganNs();
        dataBytes = 0;
        toGuest = false;
        result = 0;
        namespace = null;
        step = 0;
        cursor = 0;
        fusedPartner = null;
        io.data().clear();
    }

    SubmissionQueue queue() {
        SubmissionQueue owner = queue;
        if (owner == null) {
            throw new IllegalStateException("request without a queue");
        }
        return owner;
    }

    int slot() {
        return slot;
    }

    /** The controller's count of resets when this command was fetched. */
    long epoch() {
        return epoch;
    }

    /** When the pass began that fetched it. */
    long fetchedNs() {
        return fetchedNs;
    }

    Io io() {
        return io;
    }

    int opcode() {
        return Sqe.opcode(slots, sqe);
    }

    int fuse() {
        return Sqe.fuse(slots, sqe);
    }

    int psdt() {
        return Sqe.psdt(slots, sqe);
    }

    int cid() {
        return Sqe.cid(slots, sqe);
    }

    long metadataPointer() {
        return Sqe.metadataPointer(slots, sqe);
    }

    int nsid() {
        return Sqe.nsid(slots, sqe);
    }

    long dataPointerLow() {
        return Sqe.dataPointerLow(slots, sqe);
    }

    long dataPointerHigh() {
        return Sqe.dataPointerHigh(slots, sqe);
    }

    int dword(int number) {
        return Sqe.dword(slots, sqe, number);
    }

    long startingLba() {
        return Sqe.startingLba(slots, sqe);
    }

    int blockCount() {
        return Sqe.blockCount(slots, sqe);
    }

    boolean forceUnitAccess() {
        return Sqe.forceUnitAccess(slots, sqe);
    }

    /** What the command transfers, in bytes, and which way. */
    void transfers(long bytes, boolean towardsGuest) {
        dataBytes = bytes;
        toGuest = towardsGuest;
    }

    long dataBytes() {
        return dataBytes;
    }

    boolean toGuest() {
        return toGuest;
    }

    /** The command's data: in the guest's own memory, or in a stage when that cannot be mapped. */
    Segments data() {
        return io.data();
    }

    /** Command specific dwords 0 and 1 of the completion. */
    long result() {
        return result;
    }

    void result(long value) {
        result = value;
    }

    Namespace namespace() {
        Namespace target = namespace;
        if (target == null) {
            throw new IllegalStateException("command without a namespace");
        }
        return target;
    }

    @Nullable
    Namespace namespaceOrNull() {
        return namespace;
    }

    void namespace(@Nullable Namespace target) {
        namespace = target;
    }

    int step() {
        return step;
    }

    void step(int value) {
        step = value;
    }

    long cursor() {
        return cursor;
    }

    void cursor(long value) {
        cursor = value;
    }

    /** Work on memory of the controller's own, for commands of several steps. */
    Io work() {
        if (work == null) {
            work = new Io(this);
        }
        return work;
    }

    @Nullable
    MemorySegment scratch() {
        return scratch;
    }

    void scratch(@Nullable MemorySegment buffer) {
        scratch = buffer;
    }

    /** Where the guest's data really lies when it is staged. */
    Segments remote() {
        return remote;
    }

    @Nullable
    MemorySegment stage() {
        return stage;
    }

    void stage(@Nullable MemorySegment buffer) {
        stage = buffer;
    }

    @Nullable
    FetchedLists lists() {
        return lists;
    }

    void lists(@Nullable FetchedLists fetched) {
        lists = fetched;
    }

    @Nullable
    Request fusedPartner() {
        return fusedPartner;
    }

    void fusedPartner(@Nullable Request partner) {
        fusedPartner = partner;
    }

    /** Whether it may be changing blocks of its namespace. */
    boolean running() {
        return running;
    }

    void running(boolean value) {
        running = value;
    }

    /** Whether the namespace's range lock waits for its end. */
    boolean awaited() {
        return awaited;
    }

    void awaited(boolean value) {
        awaited = value;
    }

    /** What it holds of the namespace's range lock. */
    RangeLock.@Nullable Hold hold() {
        return hold;
    }

    void hold(RangeLock.@Nullable Hold held) {
        hold = held;
    }

    boolean begun() {
        return begun;
    }

    void begun(boolean value) {
        begun = value;
    }

    /** @param writesToo it is the first half of a fused Compare and Write */
    void asksToRead(long bytes, boolean writesToo) {
        asks(READ, bytes);
        if (writesToo) {
            asksForPair();
        }
    }

    void asksToWrite(long bytes) {
        asks(WRITE, bytes);
    }

    /** It counts as with the drive from now on: others that wait must not all take the same place. */
    @Override
    protected void admitted() {
        flightBegan(kind(), bytes());
        controller.dispatcher().admission().admitted(this);
    }

    /** A volume works on it and answers later. */
    void workBegan() {
        Namespace target = namespace;
        if (target != null) {
            workOf = target;
            target.workBegan();
        }
    }

    void workEnded() {
        Namespace target = workOf;
        if (target != null) {
            workOf = null;
            target.workEnded();
        }
    }

    /** A drive works on it and answers later. */
    void flightBegan(Io submitted) {
        flightBegan(submitted.operation() == Io.READ ? READ : WRITE, submitted.lengthBytes());
    }

    private void flightBegan(int kind, long bytes) {
        Namespace target = namespace;
        Share share = target == null ? null : target.share();
        if (share != null) {
            flightOf = share;
            flightKind = kind;
            flightBytes = bytes;
            share.flightBegan(flightKind, flightBytes);
        }
    }

    void flightEnded() {
        Share share = flightOf;
        if (share != null) {
            flightOf = null;
            long stillNs = share.flightEnded(flightKind, flightBytes);
            Namespace target = namespace;
            if (stillNs >= Namespace.STALL_NS && target != null) {
                target.stalled(stillNs, share.scheduler().nowNs());
            }
        }
    }

    boolean belongsTo(Controller other) {
        return controller == other;
    }

    /** Goes on after the namespace's range lock made it wait. */
    void resume() {
        controller.dispatcher().unlocked(this);
    }

    /** How the command ended while bus mastering was off. */
    int heldStatus() {
        return heldStatus;
    }

    void heldStatus(int status) {
        heldStatus = status;
    }

    /** Ends the command's life. @return false when it had ended before */
    boolean end() {
        boolean was = live;
        live = false;
        return was;
    }

    /** Whether another process has fetched it: then it may have been carried out, but for its completion. */
    boolean again() {
        return again;
    }

    void again(boolean value) {
        again = value;
    }

    /** The command begins to wait: the guest memory of its data stays until {@link #releaseGuest}. */
    void holdGuest() {
        if (!holding) {
            holding = true;
            io.data().holdRegions();
        }
    }

    void releaseGuest() {
        if (holding) {
            holding = false;
            io.data().releaseRegions();
        }
    }

    @Override
    public void completed(Io done, int status) {
        controller.dispatcher().ioCompleted(this, status);
    }
}

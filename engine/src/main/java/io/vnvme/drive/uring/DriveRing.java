package io.vnvme.drive.uring;

import io.vnvme.drive.Io;
import io.vnvme.os.Epoll;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.uring.Entry;
import io.vnvme.os.uring.Registrations;
import io.vnvme.os.uring.Uring;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import io.vnvme.reactor.Watch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The io_uring of one thread, which all drives of that thread share: one system call a pass hands over the work of all
 * of them, and guest memory is registered once.
 *
 * <p>Made, used and closed on that thread. What the ring has no room for waits in line here.
 */
public final class DriveRing implements Poller, AutoCloseable {
    /** Pieces of one request to the kernel: a transfer of 1 MiB in pages, and some. */
    static final int PIECES_MAX = 272;

    static final long BOUNCE_BYTES = 128 << 10;

    private static final int ENTRIES = 256;
    private static final int TRANSFERS_MAX = 512;
    private static final int BOUNCES_MAX = 32;
    private static final int DRIVES_MAX = 64;
    private static final long VECTOR_BYTES = PIECES_MAX * 16L;
    private static final int PAGE_BYTES = 4096;
    /**
     * With this much in the kernel, a little is gathered before the next call: an eighth of that, or what comes in this time.
     * Each call that hands over work rings the device's doorbell, which in a virtual machine is an exit.
     */
    private static final int GATHER_FROM = 8;

    private static final int GATHER_SHARE = 8;
    private static final long GATHER_NS = 4_000;
    private static final int GATHER_PASSES = 100;

    private final Uring uring;
    private final Registrations registrations;
    private final GuestWindows windows;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment vectors = arena.allocate(TRANSFERS_MAX * VECTOR_BYTES, PAGE_BYTES);
    private final Transfer[] transfers = new Transfer[TRANSFERS_MAX];
    private final Transfer[] free = new Transfer[TRANSFERS_MAX];
    private int freeCount;
    private final WorkQueue<UringDrive> waitingDrives = new WorkQueue<>();
    private final WorkQueue<Io> waitingWork = new WorkQueue<>();
    /** Begun, but without an entry: the kernel said to try again, or there was no bounce buffer. */
    private final WorkQueue<Transfer> stalled = new WorkQueue<>();

    private final WorkQueue<MemorySegment> bounces = new WorkQueue<>();
    private int bouncesMade;
    private final BitSet fileSlots = new BitSet(DRIVES_MAX);
    private @Nullable EventFd wakeUp;
    private @Nullable Watch watch;
    private boolean notifying;
    private long gatheringSinceNs;
    private int gatheringPasses;

    private DriveRing(Uring uring) {
        this.uring = uring;
        registrations = uring.registrations();
        registrations.files(DRIVES_MAX);
        boolean tables = registrations.buffers(Registrations.BUFFERS_MAX);
        windows = new GuestWindows(registrations, tables ? Registrations.BUFFERS_MAX : 0);
        for (int index = TRANSFERS_MAX - 1; index >= 0; index--) {
            transfers[index] = new Transfer(index);
            free[freeCount++] = transfers[index];
        }
    }

    /**
     * A ring for the calling thread.
     *
     * @throws NativeException EPERM or ENOSYS when this host has no io_uring for us, ENOMEM when memory may not be locked
     */
    public static DriveRing open() {
        // As many completions as there are transfers: none ever overflows.
        Uring uring = Uring.open(ENTRIES, TRANSFERS_MAX);
        try {
            return new DriveRing(uring);
        } catch (RuntimeException e) {
            uring.close();
            throw e;
        }
    }

    /** From now on {@code reactor}, whose thread this is, polls the ring, and sleeps no longer than it may. */
    public void attach(Reactor reactor) {
        EventFd event = EventFd.create();
        uring.register(event);
        wakeUp = event;
        watch = reactor.watch(event.fd(), Epoll.IN, _ -> event.drain());
        reactor.add(this);
    }

    /** The counterpart of {@link #attach}. */
    public void detach(Reactor reactor) {
        reactor.remove(this);
        Watch watching = watch;
        EventFd event = wakeUp;
        if (watching != null && event != null) {
            watching.close();
            uring.unregisterEvent();
            event.close();
        }
        watch = null;
        wakeUp = null;
        notifying = false;
    }

    /** What people should know about how this ring works, in one line; null when there is nothing. From any thread. */
    public @Nullable String warning() {
        return windows.warning();
    }

    /** Pieces of guest memory registered with the kernel, of 4 MiB each. */
    public int registeredWindows() {
        return windows.count();
    }

    /** Work begun and not ended. */
    public int inFlight() {
        return TRANSFERS_MAX - freeCount;
    }

    /** Drives that can still be added. */
    public int room() {
        return DRIVES_MAX - fileSlots.cardinality();
    }

    GuestWindows windows() {
        return windows;
    }

    int addFile(Fd fd) {
        int slot = fileSlots.nextClearBit(0);
        if (slot == DRIVES_MAX) {
            throw new IllegalStateException("more than %d drives on one ring".formatted(DRIVES_MAX));
        }
        registrations.file(slot, fd);
        fileSlots.set(slot);
        return slot;
    }

    void removeFile(int slot) {
        registrations.noFile(slot);
        fileSlots.clear(slot);
    }

    void submit(UringDrive drive, Io io) {
        if (freeCount == 0) {
            waitingDrives.add(drive);
            waitingWork.add(io);
            return;
        }
        begin(drive, io);
    }

    private void begin(UringDrive drive, Io io) {
        Transfer transfer = free[--freeCount];
        transfer.begin(drive, io);
        drive.start(transfer);
    }

    /** Hands a request to the kernel with the next {@link #poll}. */
    void request(
            Transfer transfer, int opcode, int file, long offset, long address, int length, int flags, int buffer) {
        long at = uring.claim();
        if (at < 0) {
            enter(0);
            at = uring.claim();
        }
        if (at < 0) {
            stalled.add(transfer);
            return;
        }
        Entry.fill(uring.entries(), at, opcode, file, offset, address, length, flags, buffer, transfer.index);
    }

    /** The transfer begins again where it stands with the next {@link #poll}. */
    void stall(Transfer transfer) {
        stalled.add(transfer);
    }

    /** Where a transfer's vector of pieces is to be. */
    long vectorAt(Transfer transfer) {
        return transfer.index * VECTOR_BYTES;
    }

    MemorySegment vectors() {
        return vectors;
    }

    /** Memory of {@link #BOUNCE_BYTES} that any direct transfer can use; null when all is in use. */
    @Nullable
    MemorySegment takeBounce() {
        if (bounces.count() > 0) {
            return bounces.remove();
        }
        if (bouncesMade == BOUNCES_MAX) {
            return null;
        }
        bouncesMade++;
        return arena.allocate(BOUNCE_BYTES, PAGE_BYTES);
    }

    void end(Transfer transfer, int status) {
        Io io = transfer.io();
        discard(transfer);
        io.complete(status);
    }

    /** Takes the transfer back without a word. */
    void discard(Transfer transfer) {
        MemorySegment bounce = transfer.bounce();
        if (bounce != null) {
            transfer.bounce(null);
            bounces.add(bounce);
        }
        transfer.end();
        free[freeCount++] = transfer;
    }

    @Override
    public int poll(long nowNs) {
        if (notifying) {
            notifying = false;
            uring.notify(false);
        }
        return gathers(nowNs) ? 0 : step(0);
    }

    private boolean gathers(long nowNs) {
        int unsubmitted = uring.unsubmitted();
        int inKernel = inFlight() - unsubmitted - stalled.count();
        if (inKernel < GATHER_FROM || unsubmitted * GATHER_SHARE >= inKernel) {
            gatheringPasses = 0;
            return false;
        }
        if (gatheringPasses++ == 0) {
            gatheringSinceNs = nowNs;
        }
        if (nowNs - gatheringSinceNs < GATHER_NS && gatheringPasses < GATHER_PASSES) {
            return true;
        }
        gatheringPasses = 0;
        return false;
    }

    private int step(int minCompletions) {
        int work = 0;
        for (int left = stalled.count(); left > 0; left--) {
            Transfer transfer = stalled.remove();
            transfer.drive().start(transfer);
            work++;
        }
        if (minCompletions > 0 || uring.work()) {
            enter(minCompletions);
        }
        // One by one, so that a completion that throws is not met again.
        for (int ready = uring.ready(); ready > 0; ready--) {
            Transfer transfer = transfers[(int) uring.userData(0)];
            int result = uring.result(0);
            uring.consume(1);
            transfer.drive().ended(transfer, result);
            work++;
        }
        while (freeCount > 0 && waitingWork.count() > 0) {
            begin(waitingDrives.remove(), waitingWork.remove());
            work++;
        }
        return work;
    }

    private void enter(int minCompletions) {
        int result = uring.enter(minCompletions);
        if (result < 0 && !Uring.transientError(-result)) {
            throw new NativeException("io_uring_enter", -result);
        }
    }

    /** The kernel signals from now on; what came before it could is seen here. */
    @Override
    public long prepareSleep(long nowNs) {
        if (inFlight() == 0) {
            return UNLIMITED;
        }
        if (wakeUp == null || stalled.count() > 0) {
            return 0;
        }
        notifying = true;
        uring.notify(true);
        return uring.work() || uring.ready() > 0 ? 0 : UNLIMITED;
    }

    /** Waits for the work of {@code drive} to end. */
    void drain(UringDrive drive) {
        while (drive.pending() > 0) {
            step(inFlight() > stalled.count() ? 1 : 0);
        }
    }

    /** Ends the ring. All drives that use it must be closed. */
    @Override
    public void close() {
        if (!fileSlots.isEmpty()) {
            throw new IllegalStateException("drives still use this ring");
        }
        windows.close();
        EventFd event = wakeUp;
        if (event != null) {
            event.close();
        }
        uring.close();
        arena.close();
    }
}

package io.vnvme.os.uring;

import io.vnvme.os.Errno;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.NativeException;
import io.vnvme.os.RingCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * An io_uring: entries go in by {@link #claim}, {@link Entry#fill} and {@link #enter}, completions come out by
 * {@link #ready}, {@link #userData}, {@link #result} and {@link #consume}.
 *
 * <p>Belongs to the thread that made it: the kernel holds it to that (SINGLE_ISSUER), and does the last step of each
 * completion only when that thread asks (DEFER_TASKRUN), so it never interrupts it. {@link #work} tells without a system
 * call that there is something to ask for. The user of the ring keeps no more in flight than {@link #completionCount}:
 * then no completion ever overflows.
 *
 * <p>Nothing here allocates but making and registering.
 */
public final class Uring implements AutoCloseable {
    private static final int ENTER_GETEVENTS = 1;
    private static final int ENTER_REGISTERED_RING = 1 << 4;
    private static final int SQ_CQ_OVERFLOW = 1 << 1;
    private static final int SQ_TASKRUN = 1 << 2;
    private static final int CQ_EVENTFD_DISABLED = 1;
    private static final int UNREGISTER_EVENTFD = 5;
    private static final int REGISTER_EVENTFD = 4;
    private static final int REGISTER_RING_FDS = 20;
    private static final int UNREGISTER_RING_FDS = 21;
    private static final long ENTRIES_OFFSET = 0x1000_0000;
    private static final long CQE_RESULT = 8;
    private static final int CQE_SHIFT = 4;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final RingParameters parameters;
    private final Thread owner = Thread.currentThread();
    private final Mapping ringMapping;
    private final Mapping entryMapping;
    private final MemorySegment ring;
    private final MemorySegment entries;
    private final boolean defers;
    private int ringNumber;
    private int enterFlags;
    private int tail;
    private int published;
    private int head;
    private boolean open = true;

    private Uring(RingParameters parameters, Mapping ringMapping, Mapping entryMapping) {
        this.parameters = parameters;
        this.ringMapping = ringMapping;
        this.entryMapping = entryMapping;
        ring = ringMapping.segment();
        entries = entryMapping.segment();
        defers = parameters.has(RingParameters.SETUP_DEFER_TASKRUN);
        tail = ring.get(ValueLayout.JAVA_INT, parameters.sqTail());
        published = tail;
        head = ring.get(ValueLayout.JAVA_INT, parameters.cqHead());
        ringNumber = parameters.fd().number();
        if (!parameters.has(RingParameters.SETUP_NO_SQARRAY)) {
            for (int i = 0; i < parameters.sqeCount(); i++) {
                ring.set(ValueLayout.JAVA_INT, parameters.sqArray() + (long) i * Integer.BYTES, i);
            }
        }
        registerRing();
    }

    /**
     * A ring for the calling thread.
     *
     * @param entryCount at least so many entries between two calls of {@link #enter}
     * @param completionCount at least so many in flight
     * @throws NativeException EPERM or ENOSYS when this host has no io_uring for us, ENOMEM when memory may not be locked
     * @throws UnsupportedOperationException when the kernel is too old
     */
    public static Uring open(int entryCount, int completionCount) {
        return open(entryCount, completionCount, RingParameters.WISHES);
    }

    static Uring open(int entryCount, int completionCount, List<Integer> wishes) {
        RingParameters parameters = RingParameters.create(entryCount, completionCount, wishes);
        Mapping ring = null;
        try {
            ring = Mapping.shared(parameters.fd(), 0, parameters.ringBytes(), true);
            Mapping entries =
                    Mapping.shared(parameters.fd(), ENTRIES_OFFSET, (long) parameters.sqeCount() * Entry.SIZE, true);
            return new Uring(parameters, ring, entries);
        } catch (RuntimeException e) {
            if (ring != null) {
                ring.close();
            }
            parameters.fd().close();
            throw e;
        }
    }

    /** Saves the kernel the look-up of the descriptor, which counts references in a process with threads; Linux 5.18. */
    private void registerRing() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment update = arena.allocate(16, Long.BYTES);
            update.set(ValueLayout.JAVA_INT, 0, -1);
            update.set(ValueLayout.JAVA_LONG, 8, ringNumber);
            if (RingCalls.register(parameters.fd().number(), REGISTER_RING_FDS, update, 1) == 1) {
                ringNumber = update.get(ValueLayout.JAVA_INT, 0);
                enterFlags = ENTER_REGISTERED_RING;
            }
        }
    }

    /** The index is of the thread, not of the ring: a thread that opens rings again and again would run out of them. */
    private void unregisterRing() {
        if (enterFlags == 0 || Thread.currentThread() != owner) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment update = arena.allocate(16, Long.BYTES);
            update.set(ValueLayout.JAVA_INT, 0, ringNumber);
            int result = RingCalls.register(parameters.fd().number(), UNREGISTER_RING_FDS, update, 1);
            if (result < 0) {
                throw new NativeException("io_uring_register UNREGISTER_RING_FDS", -result);
            }
        }
    }

    /** Whether the kernel completes only when asked to. */
    public boolean defersWork() {
        return defers;
    }

    public int entryCount() {
        return parameters.sqeCount();
    }

    public int completionCount() {
        return parameters.cqeCount();
    }

    /** The memory that {@link #claim} gives offsets in. */
    public MemorySegment entries() {
        return entries;
    }

    /** Offset of an entry to be filled in whole; -1 when all are taken until the next {@link #enter}. */
    public long claim() {
        // Acquire: the kernel has read what it moved its head beyond.
        int taken = (int) INT.getAcquire(ring, parameters.sqHead());
        if (tail - taken == parameters.sqeCount()) {
            return -1;
        }
        return (long) (tail++ & parameters.sqeCount() - 1) * Entry.SIZE;
    }

    /** Entries claimed that the kernel does not have yet. */
    public int unsubmitted() {
        return tail - published;
    }

    /** Whether there is something to {@link #enter} for; a look at memory. */
    public boolean work() {
        return tail != published
                || ((int) INT.getOpaque(ring, parameters.sqFlags()) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
    }

    /**
     * Hands over all claimed entries, and lets the kernel finish what has ended.
     *
     * @param minCompletions 0 does not wait
     * @return 0, or a negative errno: EAGAIN, EBUSY and EINTR are to be tried again
     */
    public int enter(int minCompletions) {
        // Release: the kernel sees the entries when it sees the tail.
        INT.setRelease(ring, parameters.sqTail(), tail);
        int count = tail - published;
        int result = RingCalls.enter(ringNumber, count, minCompletions, ENTER_GETEVENTS | enterFlags);
        if (result < 0) {
            return result;
        }
        published += result;
        return 0;
    }

    /** Completions that can be read now. */
    public int ready() {
        // Acquire: the completions before the tail are written.
        return (int) INT.getAcquire(ring, parameters.cqTail()) - head;
    }

    /** What the entry was given, of ready completion {@code index}. */
    public long userData(int index) {
        return ring.get(ValueLayout.JAVA_LONG, completion(index));
    }

    /** How it ended: what the system call of the same name would return, or a negative errno. */
    public int result(int index) {
        return ring.get(ValueLayout.JAVA_INT, completion(index) + CQE_RESULT);
    }

    private long completion(int index) {
        return parameters.cqes() + ((long) (head + index & parameters.cqeCount() - 1) << CQE_SHIFT);
    }

    /** The first {@code count} ready completions have been read. */
    public void consume(int count) {
        head += count;
        // Release: the kernel writes there again only after we have read.
        INT.setRelease(ring, parameters.cqHead(), head);
    }

    /** Signals {@code event} for each completion, or piece of work that leads to one, while {@link #notify} is on. */
    public void register(EventFd event) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number =
                    arena.allocateFrom(ValueLayout.JAVA_INT, event.fd().number());
            Registrations.require("REGISTER_EVENTFD", RingCalls.register(fd().number(), REGISTER_EVENTFD, number, 1));
        }
        notify(false);
    }

    public void unregisterEvent() {
        Registrations.require(
                "UNREGISTER_EVENTFD", RingCalls.register(fd().number(), UNREGISTER_EVENTFD, MemorySegment.NULL, 0));
    }

    /** Turns signals on or off; a store and a fence. After turning them on, look at {@link #work} once more. */
    public void notify(boolean on) {
        ring.set(ValueLayout.JAVA_INT, parameters.cqFlags(), on ? 0 : CQ_EVENTFD_DISABLED);
        if (on) {
            // Either the kernel sees the flag, or the look that follows sees its completion.
            VarHandle.fullFence();
        }
    }

    /** Files, buffers: what the kernel looks up once instead of each time. */
    public Registrations registrations() {
        return new Registrations(this);
    }

    Fd fd() {
        return parameters.fd();
    }

    /** Ends the ring; what is in flight goes on in the kernel and is never heard of again. */
    @Override
    public void close() {
        if (!open) {
            return;
        }
        open = false;
        unregisterRing();
        parameters.fd().close();
        entryMapping.close();
        ringMapping.close();
    }

    /** Whether a call that ended with this errno is to be made again. */
    public static boolean transientError(int errno) {
        return errno == Errno.EINTR || errno == Errno.EAGAIN || errno == Errno.EBUSY;
    }
}

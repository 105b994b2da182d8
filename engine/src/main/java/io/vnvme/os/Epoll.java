package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;

/** Waits on many descriptors at once, to the nanosecond (epoll_pwait2, Linux 5.11). One thread at a time. */
public final class Epoll implements AutoCloseable {
    public static final int IN = 0x1;
    public static final int OUT = 0x4;
    public static final int ERR = 0x8;
    public static final int HUP = 0x10;
    public static final int RDHUP = 0x2000;

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int CTL_MOD = 3;
    /** How many descriptors one wait reports; the others come with the next. */
    private static final int BATCH = 64;
    // struct epoll_event is packed on x86-64 and nowhere else.
    private static final boolean PACKED = System.getProperty("os.arch", "").equals("amd64");
    private static final long EVENT_BYTES = PACKED ? 12 : 16;
    private static final long DATA = PACKED ? 4 : 8;
    private static final ValueLayout.OfInt EVENTS_LAYOUT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong DATA_LAYOUT =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final long NS_PER_S = 1_000_000_000L;

    private static final MethodHandle EPOLL_CREATE1 =
            Libc.capturing("epoll_create1", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle EPOLL_CTL = Libc.capturing(
            "epoll_ctl",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS));
    private static final MethodHandle EPOLL_PWAIT2 = Libc.capturing(
            "epoll_pwait2",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS));

    private final Fd fd;
    private final MemorySegment change = Arena.ofAuto().allocate(EVENT_BYTES, Long.BYTES);
    private final MemorySegment ready = Arena.ofAuto().allocate(EVENT_BYTES * BATCH, Long.BYTES);
    private final MemorySegment timeout = Arena.ofAuto().allocate(2 * Long.BYTES, Long.BYTES);

    public Epoll() {
        try {
            int number = (int) EPOLL_CREATE1.invokeExact(Libc.errnoState(), EPOLL_CLOEXEC);
            if (number < 0) {
                throw Libc.failed("epoll_create1");
            }
            fd = Fd.adopt(number);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Watches a descriptor level-triggered for a set of {@link #IN}, {@link #OUT}, {@link #RDHUP}. */
    public void add(Fd watched, int events, long token) {
        control("epoll_ctl ADD", CTL_ADD, watched, events, token);
    }

    public void modify(Fd watched, int events, long token) {
        control("epoll_ctl MOD", CTL_MOD, watched, events, token);
    }

    /** Must come before the descriptor is closed if it has duplicates: epoll watches the open file, not the number. */
    public void remove(Fd watched) {
        control("epoll_ctl DEL", CTL_DEL, watched, 0, 0);
    }

    /**
     * Waits until a descriptor is ready; negative waits for ever, 0 only looks.
     *
     * @return how many are ready, to be read by {@link #token} and {@link #events}; 0 after the time or a signal
     */
    public int await(long timeoutNs) {
        MemorySegment limit = MemorySegment.NULL;
        if (timeoutNs >= 0) {
            limit = timeout;
            limit.set(ValueLayout.JAVA_LONG, 0, timeoutNs / NS_PER_S);
            limit.set(ValueLayout.JAVA_LONG, Long.BYTES, timeoutNs % NS_PER_S);
        }
        try {
            int count = (int)
                    EPOLL_PWAIT2.invokeExact(Libc.errnoState(), fd.number(), ready, BATCH, limit, MemorySegment.NULL);
            if (count >= 0) {
                return count;
            }
            return failedWait(Libc.errno());
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static int failedWait(int errno) {
        if (errno == Errno.EINTR) {
            return 0;
        }
        if (errno == Errno.ENOSYS) {
            throw new UnsupportedOperationException("this kernel lacks epoll_pwait2: Linux 5.11 or later needed");
        }
        throw new NativeException("epoll_pwait2", errno);
    }

    /** What {@link #add} was given for the ready descriptor {@code index} of the last wait. */
    public long token(int index) {
        return ready.get(DATA_LAYOUT, index * EVENT_BYTES + DATA);
    }

    /** What the ready descriptor {@code index} of the last wait is ready for. */
    public int events(int index) {
        return ready.get(EVENTS_LAYOUT, index * EVENT_BYTES);
    }

    /** Readable when a watched descriptor is ready, so that one epoll can watch another. */
    public Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        fd.close();
    }

    private void control(String call, int operation, Fd watched, int events, long token) {
        change.set(EVENTS_LAYOUT, 0, events);
        change.set(DATA_LAYOUT, DATA, token);
        try {
            int result =
                    (int) EPOLL_CTL.invokeExact(Libc.errnoState(), fd.number(), operation, watched.number(), change);
            if (result < 0) {
                throw Libc.failed(call);
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }
}

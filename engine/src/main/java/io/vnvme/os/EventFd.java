package io.vnvme.os;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** A counter in the kernel that wakes who waits on it: how a reactor is woken and how an interrupt reaches a guest. */
public final class EventFd implements AutoCloseable {
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;
    private static final MethodHandle EVENTFD = Libc.capturing(
            "eventfd", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle WRITE = Libc.capturing(
            "write",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle READ = Libc.capturing(
            "read",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MemorySegment ONE = one();

    private final Fd fd;
    private final MemorySegment count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);

    private EventFd(Fd fd) {
        this.fd = fd;
    }

    /** A new counter at zero that blocks nobody. */
    public static EventFd create() {
        try {
            int number = (int) EVENTFD.invokeExact(Libc.errnoState(), 0, EFD_CLOEXEC | EFD_NONBLOCK);
            if (number < 0) {
                throw Libc.failed("eventfd");
            }
            return new EventFd(Fd.adopt(number));
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /**
     * Takes ownership of a descriptor that another process sent, and makes it non-blocking: a counter filled on purpose
     * must not stop the writer. When this throws, the descriptor is still the caller's.
     *
     * @throws NativeException EINVAL when it is not an eventfd
     */
    public static EventFd adopt(Fd fd) {
        if (!isEventFd(fd)) {
            throw new NativeException("adopt " + fd + " as eventfd", Errno.EINVAL);
        }
        fd.blocking(false);
        return new EventFd(fd);
    }

    private static boolean isEventFd(Fd fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd.number()))
                    .toString()
                    .startsWith("anon_inode:[eventfd]");
        } catch (IOException e) {
            return false;
        }
    }

    /** Adds one; a full or closed counter stays as it is. Allocates nothing. */
    public void signal() {
        try {
            var _ = (long) WRITE.invokeExact(Libc.errnoState(), fd.number(), ONE, (long) Long.BYTES);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Takes the count and sets it to zero; 0 when nothing was signalled. One thread at a time. */
    public long drain() {
        try {
            long result = (long) READ.invokeExact(Libc.errnoState(), fd.number(), count, (long) Long.BYTES);
            return result == Long.BYTES ? count.get(ValueLayout.JAVA_LONG, 0) : 0;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    public Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        fd.close();
    }

    private static MemorySegment one() {
        MemorySegment one = Arena.global().allocate(ValueLayout.JAVA_LONG);
        one.set(ValueLayout.JAVA_LONG, 0, 1);
        return one;
    }
}

package io.vnvme.os;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;

/** An open file descriptor with one owner. */
public final class Fd implements AutoCloseable {
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int O_NONBLOCK = 0x800;
    private static final MethodHandle CLOSE =
            Libc.capturing("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle FCNTL = Libc.variadic(
            "fcntl",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
            2);

    private final AtomicInteger number;

    private Fd(int number) {
        this.number = new AtomicInteger(number);
    }

    /** Takes ownership of an open descriptor. */
    public static Fd adopt(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("not a descriptor: " + number);
        }
        return new Fd(number);
    }

    /** The descriptor's number, or -1 once closed. */
    public int number() {
        return number.get();
    }

    /** Gives up ownership. @return the number, whose owner the caller is */
    int release() {
        return number.getAndSet(-1);
    }

    /** A second descriptor of the same open file. */
    public Fd duplicate() {
        return new Fd(control("fcntl F_DUPFD_CLOEXEC", number(), F_DUPFD_CLOEXEC, 0));
    }

    /** Sets or clears O_NONBLOCK of the open file, which every duplicate shares. */
    public void blocking(boolean blocking) {
        int flags = control("fcntl F_GETFL", number(), F_GETFL, 0);
        control("fcntl F_SETFL", number(), F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
    }

    @Override
    public void close() {
        int last = number.getAndSet(-1);
        if (last >= 0) {
            close(last);
        }
    }

    /**
     * Closes a bare descriptor. Linux releases the number whatever close(2) answers, so an error has nothing to retry;
     * only a wrong number is a fault of the caller.
     */
    static void close(int number) {
        try {
            int result = (int) CLOSE.invokeExact(Libc.errnoState(), number);
            if (result < 0 && Libc.errno() == Errno.EBADF) {
                throw new NativeException("close " + number, Errno.EBADF);
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    static int control(String call, int number, int command, int argument) {
        try {
            int result = (int) FCNTL.invokeExact(Libc.errnoState(), number, command, argument);
            if (result < 0) {
                throw Libc.failed(call);
            }
            return result;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    @Override
    public String toString() {
        return "fd " + number();
    }
}

package io.vnvme.os;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * The three system calls of io_uring, which have no wrapper in libc.
 *
 * <p>They answer a negative {@link Errno} instead of throwing: what to do about one depends on what was tried, and some
 * come on the hot path.
 */
public final class RingCalls {
    // The numbers are the same on every architecture (asm-generic/unistd.h).
    private static final long IO_URING_SETUP = 425;
    private static final long IO_URING_ENTER = 426;
    private static final long IO_URING_REGISTER = 427;
    private static final MethodHandle SYSCALL_2 = handle(2);
    private static final MethodHandle SYSCALL_4 = handle(4);
    private static final MethodHandle SYSCALL_6 = handle(6);

    private RingCalls() {}

    private static MethodHandle handle(int arguments) {
        ValueLayout[] layouts = new ValueLayout[arguments + 1];
        Arrays.fill(layouts, ValueLayout.JAVA_LONG);
        return Libc.variadic("syscall", FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts), 1);
    }

    /** io_uring_setup(2). @return a descriptor, or a negative errno */
    public static int setup(int entries, MemorySegment parameters) {
        try {
            return answer((long)
                    SYSCALL_2.invokeExact(Libc.errnoState(), IO_URING_SETUP, (long) entries, parameters.address()));
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** io_uring_enter(2) without a signal mask. @return how many entries were taken, or a negative errno */
    public static int enter(int ring, int submit, int minComplete, int flags) {
        try {
            return answer((long) SYSCALL_6.invokeExact(
                    Libc.errnoState(),
                    IO_URING_ENTER,
                    (long) ring,
                    (long) submit,
                    (long) minComplete,
                    (long) flags,
                    0L,
                    0L));
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** io_uring_register(2). @return 0 or more, or a negative errno */
    public static int register(int ring, int operation, MemorySegment argument, int count) {
        try {
            return answer((long) SYSCALL_4.invokeExact(
                    Libc.errnoState(), IO_URING_REGISTER, (long) ring, (long) operation, argument.address(), (long)
                            count));
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static int answer(long result) {
        return result < 0 ? -Libc.errno() : (int) result;
    }
}

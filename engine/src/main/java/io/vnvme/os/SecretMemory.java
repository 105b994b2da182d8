package io.vnvme.os;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Files in memory that the kernel itself does not see: what maps one has it, and neither swap, a core dump nor a read of kernel
 * memory does (memfd_secret(2), Linux 5.14; before 6.5 only where the kernel is started with {@code secretmem.enable=1}).
 */
public final class SecretMemory {
    // The number is the same on every architecture (asm-generic/unistd.h).
    private static final long MEMFD_SECRET = 447;
    private static final long CLOEXEC = 0x80000;
    private static final MethodHandle SYSCALL = Libc.variadic(
            "syscall", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG), 1);

    private SecretMemory() {}

    /**
     * A file of zeros.
     *
     * @return nothing where the kernel has none, or who started this process does not let it
     * @throws NativeException ENOMEM, EMFILE
     */
    public static Optional<Fd> create(long sizeBytes) {
        int number = open();
        if (number < 0) {
            int errno = Libc.errno();
            if (errno == Errno.ENOSYS || errno == Errno.EPERM) {
                return Optional.empty();
            }
            throw new NativeException("memfd_secret", errno);
        }
        Fd fd = Fd.adopt(number);
        try {
            Memfd.resize(fd, sizeBytes);
            return Optional.of(fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private static int open() {
        try {
            return (int) (long) SYSCALL.invokeExact(Libc.errnoState(), MEMFD_SECRET, CLOEXEC);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }
}

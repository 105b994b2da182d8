package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Anonymous files in memory that can be passed to another process. */
public final class Memfd {
    /** No further seals. */
    public static final int SEAL_SEAL = 1;
    /** The file never gets shorter: a mapping of it cannot fault. */
    public static final int SEAL_SHRINK = 2;
    /** The file never gets longer. */
    public static final int SEAL_GROW = 4;

    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;
    private static final MethodHandle MEMFD_CREATE = Libc.capturing(
            "memfd_create", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle FTRUNCATE = Libc.capturing(
            "ftruncate", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));

    private Memfd() {}

    /** A zeroed file; {@code name} shows in /proc/PID/maps. Memory is taken when it is first touched. */
    public static Fd create(String name, long sizeBytes) {
        Fd fd = create(name);
        try {
            resize(fd, sizeBytes);
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Makes the file longer, with zeros, or shorter: EPERM when it is sealed against that. */
    public static void resize(Fd fd, long sizeBytes) {
        try {
            int result = (int) FTRUNCATE.invokeExact(Libc.errnoState(), fd.number(), sizeBytes);
            if (result < 0) {
                throw Libc.failed("ftruncate memfd to " + sizeBytes + " bytes");
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static Fd create(String name) {
        try (Arena arena = Arena.ofConfined()) {
            int number = (int) MEMFD_CREATE.invokeExact(
                    Libc.errnoState(), arena.allocateFrom(name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
            if (number < 0) {
                throw Libc.failed("memfd_create " + name);
            }
            return Fd.adopt(number);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Adds a set of {@code SEAL_*}; EPERM when the file is sealed against that. */
    public static void seal(Fd fd, int seals) {
        Fd.control("fcntl F_ADD_SEALS", fd.number(), F_ADD_SEALS, seals);
    }

    /** The seals of the file, 0 for a file that cannot have any. */
    public static int seals(Fd fd) {
        try {
            return Fd.control("fcntl F_GET_SEALS", fd.number(), F_GET_SEALS, 0);
        } catch (NativeException e) {
            if (e.errno() == Errno.EINVAL) {
                return 0;
            }
            throw e;
        }
    }
}

package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Opening, locking and sizing files and block devices in the ways that the JDK has no words for. */
public final class OpenFile {
    public static final int READ_ONLY = 0;
    public static final int READ_WRITE = 2;
    public static final int CREATE = 0x40;
    /** With {@link #CREATE}: it must not be there. For a block device: nobody else may have claimed it, or mounted it. */
    public static final int EXCLUSIVE = 0x80;

    /** Transfers go around the page cache. Its bit differs between architectures. */
    public static final int DIRECT = System.getProperty("os.arch", "").equals("aarch64") ? 0x10000 : 0x4000;

    private static final int CLOEXEC = 0x80000;
    private static final int PERMISSIONS = 0600;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int LOCK_UN = 8;
    private static final int F_OFD_SETLK = 37;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;
    private static final long FLOCK_BYTES = 32;
    private static final MethodHandle OPEN = Libc.variadic(
            "open",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
            2);
    private static final MethodHandle FLOCK = Libc.capturing(
            "flock", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle FCNTL = Libc.variadic(
            "fcntl",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
            2);
    private static final MethodHandle FTRUNCATE = Libc.capturing(
            "ftruncate", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    private static final MethodHandle PREAD = Libc.capturing(
            "pread",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG));

    private OpenFile() {}

    /**
     * open(2), for the owner alone when it creates.
     *
     * @throws NativeException ENOENT, EACCES, EINVAL for {@link #DIRECT} where there is none, EBUSY for {@link #EXCLUSIVE}
     */
    public static Fd open(Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            int number = (int) OPEN.invokeExact(
                    Libc.errnoState(), arena.allocateFrom(path.toString()), flags | CLOEXEC, PERMISSIONS);
            if (number < 0) {
                throw Libc.failed("open " + path);
            }
            return Fd.adopt(number);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /**
     * Takes the whole file for this open file alone. A regular file gets an OFD lock, which other users of disk images look
     * at too; a block device gets flock(2), which udev respects: it then does not probe the device meanwhile.
     *
     * @param fd open for writing
     * @return false when somebody else has it
     */
    public static boolean lock(Fd fd) {
        if (Stat.of(fd).isRegularFile()) {
            int errno = record(fd, F_WRLCK);
            if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
                return false;
            }
            if (errno == 0) {
                return true;
            }
            // A file system without record locks: the other kind may do.
        }
        int errno = advisory(fd, LOCK_EX | LOCK_NB);
        if (errno == Errno.EAGAIN) {
            return false;
        }
        if (errno != 0) {
            throw new NativeException("flock " + fd.number(), errno);
        }
        return true;
    }

    /** Lets go at once, though the kernel may still hold the open file for a while after it is closed. */
    public static void unlock(Fd fd) {
        if (Stat.of(fd).isRegularFile()) {
            var _ = record(fd, F_UNLCK);
        }
        var _ = advisory(fd, LOCK_UN);
    }

    private static int record(Fd fd, short type) {
        try (Arena arena = Arena.ofConfined()) {
            // struct flock of zeros: from the first byte to whatever the end will be.
            MemorySegment flock = arena.allocate(FLOCK_BYTES, Long.BYTES);
            flock.set(ValueLayout.JAVA_SHORT, 0, type);
            int result = (int) FCNTL.invokeExact(Libc.errnoState(), fd.number(), F_OFD_SETLK, flock);
            return result < 0 ? Libc.errno() : 0;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static int advisory(Fd fd, int operation) {
        try {
            int result = (int) FLOCK.invokeExact(Libc.errnoState(), fd.number(), operation);
            return result < 0 ? Libc.errno() : 0;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Makes the file longer, with a hole, or shorter. */
    public static void resize(Fd fd, long sizeBytes) {
        try {
            int result = (int) FTRUNCATE.invokeExact(Libc.errnoState(), fd.number(), sizeBytes);
            if (result < 0) {
                throw Libc.failed("ftruncate to " + sizeBytes + " bytes");
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /**
     * Reads, as far as the file goes.
     *
     * @param target native memory
     * @return bytes read: fewer than {@code target} has at the end of the file
     */
    public static long read(Fd fd, long offsetBytes, MemorySegment target) {
        long done = 0;
        while (done < target.byteSize()) {
            try {
                long result = (long) PREAD.invokeExact(
                        Libc.errnoState(),
                        fd.number(),
                        target.asSlice(done),
                        target.byteSize() - done,
                        offsetBytes + done);
                if (result < 0 && Libc.errno() != Errno.EINTR) {
                    throw Libc.failed("pread at " + (offsetBytes + done));
                }
                if (result == 0) {
                    return done;
                }
                done += Math.max(result, 0);
            } catch (Throwable e) {
                throw Libc.unexpected(e);
            }
        }
        return done;
    }
}

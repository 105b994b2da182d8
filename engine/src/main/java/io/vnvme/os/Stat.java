package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** What the kernel knows about an open file or a path; by statx(2), whose layout is the same on every processor. */
public record Stat(
        long sizeBytes, int blockSizeBytes, int mode, long inode, long device, long deviceItself, DirectIo directIo) {
    /**
     * What O_DIRECT demands of a file (Linux 6.1).
     *
     * @param memoryAlignBytes of addresses; 0 when the kernel does not say, or the file has no direct I/O
     * @param offsetAlignBytes of offsets and lengths; 0 likewise
     */
    public record DirectIo(int memoryAlignBytes, int offsetAlignBytes) {}

    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int STATX_DIOALIGN = 0x2000;
    private static final long STATX_BYTES = 256;
    private static final long BLKSIZE = 4;
    private static final long MODE = 28;
    private static final long INODE = 32;
    private static final long SIZE = 40;
    private static final long RDEV_MAJOR = 128;
    private static final long RDEV_MINOR = 132;
    private static final long DEV_MAJOR = 136;
    private static final long DEV_MINOR = 140;
    private static final long DIO_MEMORY_ALIGN = 152;
    private static final long DIO_OFFSET_ALIGN = 156;
    private static final int TYPE_MASK = 0170000;
    private static final int TYPE_SOCKET = 0140000;
    private static final int TYPE_REGULAR = 0100000;
    private static final int TYPE_BLOCK = 0060000;
    private static final MethodHandle STATX = Libc.capturing(
            "statx",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS));

    /** Size of the open file in bytes; 0 for what has no size (devices, sockets, eventfds). */
    public static long sizeBytes(Fd fd) {
        return of(fd).sizeBytes();
    }

    public static Stat of(Fd fd) {
        return statx(fd.number(), "", AT_EMPTY_PATH, "fstat " + fd.number());
    }

    /** Of the path itself, not of what a symbolic link points to; ENOENT when there is none. */
    public static Stat of(Path path) {
        return statx(AT_FDCWD, path.toString(), AT_SYMLINK_NOFOLLOW, "stat " + path);
    }

    /** Of what a path leads to, through symbolic links; ENOENT when there is nothing. */
    public static Stat following(Path path) {
        return statx(AT_FDCWD, path.toString(), 0, "stat " + path);
    }

    public boolean isSocket() {
        return (mode & TYPE_MASK) == TYPE_SOCKET;
    }

    public boolean isRegularFile() {
        return (mode & TYPE_MASK) == TYPE_REGULAR;
    }

    public boolean isBlockDevice() {
        return (mode & TYPE_MASK) == TYPE_BLOCK;
    }

    /** The number of the device that it lies on. */
    public int deviceMajor() {
        return (int) (device >>> 32);
    }

    public int deviceMinor() {
        return (int) device;
    }

    /** Of a device special file, the number of the device itself; 0 for others. */
    public int deviceItselfMajor() {
        return (int) (deviceItself >>> 32);
    }

    public int deviceItselfMinor() {
        return (int) deviceItself;
    }

    /** Whether both mean the same device, through whatever name, or the same file. */
    public boolean sameDeviceOrFile(Stat other) {
        return isBlockDevice() && other.isBlockDevice() ? deviceItself == other.deviceItself : sameFile(other);
    }

    /** Whether both describe the same file of the same file system. */
    public boolean sameFile(Stat other) {
        return inode == other.inode && device == other.device;
    }

    private static Stat statx(int directory, String path, int flags, String call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(STATX_BYTES, Long.BYTES);
            int result = (int) STATX.invokeExact(
                    Libc.errnoState(),
                    directory,
                    arena.allocateFrom(path),
                    flags,
                    STATX_BASIC_STATS | STATX_DIOALIGN,
                    out);
            if (result < 0) {
                throw Libc.failed(call);
            }
            return new Stat(
                    out.get(ValueLayout.JAVA_LONG, SIZE),
                    out.get(ValueLayout.JAVA_INT, BLKSIZE),
                    Short.toUnsignedInt(out.get(ValueLayout.JAVA_SHORT, MODE)),
                    out.get(ValueLayout.JAVA_LONG, INODE),
                    device(out, DEV_MAJOR, DEV_MINOR),
                    device(out, RDEV_MAJOR, RDEV_MINOR),
                    new DirectIo(
                            out.get(ValueLayout.JAVA_INT, DIO_MEMORY_ALIGN),
                            out.get(ValueLayout.JAVA_INT, DIO_OFFSET_ALIGN)));
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static long device(MemorySegment out, long major, long minor) {
        return (long) out.get(ValueLayout.JAVA_INT, major) << 32
                | Integer.toUnsignedLong(out.get(ValueLayout.JAVA_INT, minor));
    }
}

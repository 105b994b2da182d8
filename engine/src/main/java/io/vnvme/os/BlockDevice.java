package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** What the kernel says of an open block device (linux/fs.h). */
public final class BlockDevice {
    private static final long BLKROGET = 0x125e;
    private static final long BLKSSZGET = 0x1268;
    private static final long BLKIOOPT = 0x1279;
    private static final long BLKPBSZGET = 0x127b;
    private static final long BLKGETSIZE64 = 0x80081272L;
    private static final MethodHandle IOCTL = Libc.variadic(
            "ioctl",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS),
            2);

    private BlockDevice() {}

    public static long sizeBytes(Fd fd) {
        return get(fd, BLKGETSIZE64, "BLKGETSIZE64");
    }

    /** The unit of transfers. */
    public static int logicalBlockBytes(Fd fd) {
        return (int) get(fd, BLKSSZGET, "BLKSSZGET");
    }

    /** What the device writes without reading before. */
    public static int physicalBlockBytes(Fd fd) {
        return (int) get(fd, BLKPBSZGET, "BLKPBSZGET");
    }

    /** What the device would like transfers to be multiples of; 0 when it does not say. */
    public static int optimalIoBytes(Fd fd) {
        return (int) get(fd, BLKIOOPT, "BLKIOOPT");
    }

    public static boolean readOnly(Fd fd) {
        return (int) get(fd, BLKROGET, "BLKROGET") != 0;
    }

    private static long get(Fd fd, long request, String name) {
        try (Arena arena = Arena.ofConfined()) {
            // Some answer an int, which the zeros above it complete.
            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
            int result = (int) IOCTL.invokeExact(Libc.errnoState(), fd.number(), request, out);
            if (result < 0) {
                throw Libc.failed("ioctl " + name);
            }
            return out.get(ValueLayout.JAVA_LONG, 0);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }
}

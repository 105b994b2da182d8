package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Memory mapped into this process.
 *
 * <p>The segment lives in a shared arena: touching it after {@link #close} throws instead of crashing, and closing is a
 * handshake with all threads (25 us to 10 ms), so a reactor leaves it to a control thread.
 */
public final class Mapping implements AutoCloseable {
    /** The smallest unit that can be mapped, in bytes. */
    public static final long PAGE_BYTES = pageBytes();

    private static final long HUGE_PAGE_BYTES = 2 << 20;
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MAP_HUGETLB = 0x40000;
    private static final int MAP_HUGE_2MB = 21 << 26;
    private static final int MADV_DONTNEED = 4;
    private static final int MADV_REMOVE = 9;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_POPULATE_WRITE = 23;
    private static final MethodHandle MMAP = Libc.capturing(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
    private static final MethodHandle MUNMAP = Libc.capturing(
            "munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE = Libc.capturing(
            "madvise",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

    private final Arena arena = Arena.ofShared();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final MemorySegment segment;
    /** The smallest piece that the kernel takes back, in bytes. */
    private final long unitBytes;
    /** How it is told to: of a file, the pages have to go there. */
    private final int discarding;

    /** What is mapped is {@code [base, base + mappedBytes)}, what is shown is a part of it. */
    private Mapping(long base, long mappedBytes, long skipBytes, long sizeBytes) {
        this(base, mappedBytes, skipBytes, sizeBytes, PAGE_BYTES, MADV_DONTNEED);
    }

    private Mapping(long base, long mappedBytes, long skipBytes, long sizeBytes, long unitBytes, int discarding) {
        this.unitBytes = unitBytes;
        this.discarding = discarding;
        segment =
                MemorySegment.ofAddress(base + skipBytes).reinterpret(sizeBytes, arena, _ -> unmap(base, mappedBytes));
    }

    /**
     * Maps a range of a file, seen by everybody who maps it too.
     *
     * @throws NativeException EINVAL for an offset that is not a multiple of the page size, ENODEV for a file that cannot
     *     be mapped, EACCES when the descriptor does not permit it
     */
    public static Mapping shared(Fd fd, long offsetBytes, long sizeBytes, boolean writable) {
        int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
        long base = map(sizeBytes, protection, MAP_SHARED, fd.number(), offsetBytes);
        if (base >= 0) {
            return new Mapping(base, sizeBytes, 0, sizeBytes, PAGE_BYTES, MADV_REMOVE);
        }
        NativeException failure = Libc.failed("mmap " + sizeBytes + " bytes");
        // A file of huge pages maps in whole ones only; its block size tells how large they are.
        long block = Stat.of(fd).blockSizeBytes();
        if (failure.errno() != Errno.EINVAL || block <= PAGE_BYTES || Long.bitCount(block) != 1) {
            throw failure;
        }
        long skip = offsetBytes & (block - 1);
        long mapped = (skip + sizeBytes + block - 1) & -block;
        base = map(mapped, protection, MAP_SHARED, fd.number(), offsetBytes - skip);
        if (base < 0) {
            throw failure;
        }
        return new Mapping(base, mapped, skip, sizeBytes, block, MADV_REMOVE);
    }

    /**
     * Zeroed memory of this process. When huge pages are wished for: in pages of 2 MiB that the host has set aside, if so many
     * are free; else in ordinary ones aligned to 2 MiB, which the kernel makes huge ones of where it can.
     */
    public static Mapping anonymous(long sizeBytes, boolean hugePages) {
        if (hugePages) {
            Optional<Mapping> reserved = reservedHugePages(sizeBytes);
            if (reserved.isPresent()) {
                return reserved.get();
            }
        }
        long mapped = hugePages ? Math.addExact(sizeBytes, HUGE_PAGE_BYTES) : sizeBytes;
        long base = map(mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base < 0) {
            throw Libc.failed("mmap " + sizeBytes + " bytes");
        }
        long skip = hugePages ? -base & (HUGE_PAGE_BYTES - 1) : 0;
        Mapping mapping = new Mapping(base, mapped, skip, sizeBytes);
        if (hugePages) {
            mapping.adviseHugePages();
        }
        return mapping;
    }

    /** All of them are taken now: a page that is promised and not there would end the process when it is touched. */
    private static Optional<Mapping> reservedHugePages(long sizeBytes) {
        long mapped = Math.addExact(sizeBytes, HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB;
        long base = map(mapped, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (base < 0) {
            return Optional.empty();
        }
        Mapping mapping = new Mapping(base, mapped, 0, sizeBytes, HUGE_PAGE_BYTES, MADV_DONTNEED);
        try {
            if (mapping.populate()) {
                return Optional.of(mapping);
            }
        } catch (NativeException e) {
            // A limit of the control group: ordinary pages have another.
        }
        mapping.close();
        return Optional.empty();
    }

    public MemorySegment segment() {
        return segment;
    }

    /** Asks for huge pages where the kernel can give them; false when it cannot. */
    public boolean adviseHugePages() {
        return advise("madvise MADV_HUGEPAGE", 0, segment.byteSize(), MADV_HUGEPAGE);
    }

    /** Takes all the memory now, so that no later touch has to; false when the kernel is too old (before 5.14). */
    public boolean populate() {
        return advise("madvise MADV_POPULATE_WRITE", 0, segment.byteSize(), MADV_POPULATE_WRITE);
    }

    /**
     * Gives whole pages back to the kernel, those of a file in memory for all who map it; the range reads zeros from now on.
     *
     * @param offsetBytes multiple of the page size
     * @param lengthBytes multiple of the page size
     * @throws IndexOutOfBoundsException when the range is not in the mapping
     */
    public void discard(long offsetBytes, long lengthBytes) {
        Objects.checkFromIndexSize(offsetBytes, lengthBytes, segment.byteSize());
        long end = offsetBytes + lengthBytes;
        long first = offsetBytes + unitBytes - 1 & -unitBytes;
        long last = end & -unitBytes;
        if (last <= first) {
            segment.asSlice(offsetBytes, lengthBytes).fill((byte) 0);
            return;
        }
        segment.asSlice(offsetBytes, first - offsetBytes).fill((byte) 0);
        if (!advise("madvise to discard", first, last - first, discarding)) {
            // Huge pages of a kernel before 5.18.
            segment.asSlice(first, last - first).fill((byte) 0);
        }
        segment.asSlice(last, end - last).fill((byte) 0);
    }

    /** Gives the memory back; a second call does nothing. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            arena.close();
        }
    }

    private boolean advise(String call, long offsetBytes, long lengthBytes, int advice) {
        try {
            int result =
                    (int) MADVISE.invokeExact(Libc.errnoState(), segment.address() + offsetBytes, lengthBytes, advice);
            if (result < 0 && Libc.errno() != Errno.EINVAL) {
                throw Libc.failed(call);
            }
            return result == 0;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static long map(long sizeBytes, int protection, int flags, int fd, long offsetBytes) {
        try {
            return (long) MMAP.invokeExact(Libc.errnoState(), 0L, sizeBytes, protection, flags, fd, offsetBytes);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static void unmap(long base, long sizeBytes) {
        try {
            int result = (int) MUNMAP.invokeExact(Libc.errnoState(), base, sizeBytes);
            if (result < 0) {
                throw Libc.failed("munmap");
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static long pageBytes() {
        int scPageSize = 30;
        try {
            return (long) Libc.plain("sysconf", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT))
                    .invokeExact(scPageSize);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }
}

package io.vnvme.testkit.ram;

import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/**
 * The memory of a guest: a memfd, mapped once here, which devices see as the regions of a {@link RamLayout}; with a
 * first-fit allocator on it. Thread-safe where it says so, otherwise for one thread.
 */
public final class GuestRam implements AutoCloseable {
    private static final long PAGE_BYTES = 4096;

    private final RamLayout layout;
    private final Fd fd;
    private final Mapping mapping;
    private final TreeMap<Long, Long> free = new TreeMap<>();

    private GuestRam(RamLayout layout, Fd fd, Mapping mapping) {
        this.layout = layout;
        this.fd = fd;
        this.mapping = mapping;
        free.put(0L, layout.sizeBytes());
    }

    public static GuestRam create(RamLayout layout) {
        Fd fd = Memfd.create("vnvme-guest-ram", layout.sizeBytes());
        return new GuestRam(layout, fd, Mapping.shared(fd, 0, layout.sizeBytes(), true));
    }

    public RamLayout layout() {
        return layout;
    }

    /** The memfd, for devices that map it. */
    public Fd fd() {
        return fd;
    }

    /** All memory, without the gaps. */
    public MemorySegment segment() {
        return mapping.segment();
    }

    /** The bytes of region {@code index}. */
    public MemorySegment region(int index) {
        return segment().asSlice(index * layout.regionBytes(), layout.regionBytes());
    }

    /** Guest address of the first byte of region {@code index}. */
    public long regionIova(int index) {
        return layout.iova(index * layout.regionBytes());
    }

    /** Page-aligned zeroed memory, which may go over several regions. */
    public Buffer allocate(long sizeBytes) {
        return allocate(sizeBytes, PAGE_BYTES, false);
    }

    /** Page-aligned zeroed memory whose guest addresses follow one another. */
    public Buffer allocateContiguous(long sizeBytes) {
        return allocateContiguous(sizeBytes, PAGE_BYTES);
    }

    /** The same for a host with larger pages; {@code pageBytes} is a power of two that the first guest address divides. */
    public Buffer allocateContiguous(long sizeBytes, long pageBytes) {
        return allocate(sizeBytes, pageBytes, true);
    }

    private synchronized Buffer allocate(long sizeBytes, long alignment, boolean contiguous) {
        long need = (sizeBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
        for (Map.Entry<Long, Long> hole : free.entrySet()) {
            long end = hole.getKey() + hole.getValue();
            long start = (hole.getKey() + alignment - 1) & -alignment;
            if (contiguous && layout.gapBytes() != 0 && start % layout.regionBytes() + need > layout.regionBytes()) {
                start = (start / layout.regionBytes() + 1) * layout.regionBytes();
            }
            if (start + need <= end && (!contiguous || layout.gapBytes() == 0 || need <= layout.regionBytes())) {
                carve(hole.getKey(), end, start, need);
                return new Buffer(
                        this, start, segment().asSlice(start, sizeBytes).fill((byte) 0));
            }
        }
        throw new IllegalStateException("guest memory is used up: no room for %d bytes".formatted(sizeBytes));
    }

    private void carve(long holeStart, long holeEnd, long start, long need) {
        free.remove(holeStart);
        if (start > holeStart) {
            free.put(holeStart, start - holeStart);
        }
        if (start + need < holeEnd) {
            free.put(start + need, holeEnd - start - need);
        }
    }

    synchronized void free(Buffer buffer) {
        long start = buffer.offset();
        long size = (buffer.sizeBytes() + PAGE_BYTES - 1) & -PAGE_BYTES;
        Map.Entry<Long, Long> before = free.floorEntry(start);
        if (before != null && before.getKey() + before.getValue() > start) {
            throw new IllegalStateException("freed twice: offset " + start);
        }
        if (before != null && before.getKey() + before.getValue() == start) {
            free.remove(before.getKey());
            size += before.getValue();
            start = before.getKey();
        }
        Long after = free.remove(start + size);
        free.put(start, after == null ? size : size + after);
    }

    /** Bytes that are not allocated. */
    public synchronized long freeBytes() {
        return free.values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}

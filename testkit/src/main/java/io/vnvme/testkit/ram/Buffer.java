package io.vnvme.testkit.ram;

import java.lang.foreign.MemorySegment;

/**
 * A piece of guest memory in use.
 *
 * @param ram where it lies
 * @param offset its first byte there
 * @param segment the bytes
 */
public record Buffer(GuestRam ram, long offset, MemorySegment segment) implements AutoCloseable {
    public long sizeBytes() {
        return segment.byteSize();
    }

    /** Guest address of the first byte. */
    public long iova() {
        return iova(0);
    }

    /** Guest address of byte {@code position}: not always iova() + position, as regions may have gaps between them. */
    public long iova(long position) {
        return ram.layout().iova(offset + position);
    }

    /** Gives the memory back to the guest's allocator. */
    @Override
    public void close() {
        ram.free(this);
    }
}

package io.vnvme.memory;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A range of guest I/O virtual addresses and the host memory behind it.
 *
 * <p>Owned by the reactor of the controller it belongs to. {@code inFlight} counts the asynchronous commands whose
 * data lies here: the memory behind a region that left its {@link GuestMemory} is given back only at zero.
 */
public final class Region {
    private final long iova;
    private final long sizeBytes;
    private final @Nullable MemorySegment segment;
    private final boolean readable;
    private final boolean writable;
    private int inFlight;

    /**
     * @param iova first address, as an unsigned 64-bit number
     * @param sizeBytes more than 0; {@code iova + sizeBytes} does not wrap
     * @param segment the memory itself, {@code sizeBytes} long, or null when only messages reach it
     * @throws IllegalArgumentException when the range is empty, wraps, or the segment has another size
     */
    public Region(long iova, long sizeBytes, @Nullable MemorySegment segment, boolean readable, boolean writable) {
        if (sizeBytes <= 0 || Long.compareUnsigned(iova + sizeBytes - 1, iova) < 0) {
            throw new IllegalArgumentException("range of %d bytes at 0x%x".formatted(sizeBytes, iova));
        }
        if (segment != null && segment.byteSize() != sizeBytes) {
            throw new IllegalArgumentException(
                    "segment of %d bytes for a range of %d".formatted(segment.byteSize(), sizeBytes));
        }
        this.iova = iova;
        this.sizeBytes = sizeBytes;
        this.segment = segment;
        this.readable = readable;
        this.writable = writable;
    }

    public long iova() {
        return iova;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    /** The memory, or null when it is reached by {@link DmaMessages} only. */
    public @Nullable MemorySegment segment() {
        return segment;
    }

    public boolean readable() {
        return readable;
    }

    public boolean writable() {
        return writable;
    }

    /** True when {@code address} lies in this region. */
    public boolean contains(long address) {
        return Long.compareUnsigned(address - iova, sizeBytes) < 0;
    }

    /** Bytes from {@code address}, which this region contains, to the region's end. */
    public long bytesFrom(long address) {
        return sizeBytes - (address - iova);
    }

    public int inFlight() {
        return inFlight;
    }

    void hold() {
        inFlight++;
    }

    void release() {
        inFlight--;
        assert inFlight >= 0;
    }
}

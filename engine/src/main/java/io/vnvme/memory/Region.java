package io.vnvme.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
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
    private final List<Watcher> watchers = new ArrayList<>(0);
    private int inFlight;

    /** Who keeps something for a region's memory, such as a registration with the kernel. */
    public interface Watcher {
        /** No command uses the region any more, and none will: its memory is given back next. */
        void leaving(Region region);
    }

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

    /** Tells {@code watcher}, on the region's reactor, before the memory is given back. */
    public void watch(Watcher watcher) {
        watchers.add(watcher);
    }

    /** The counterpart of {@link #watch}; one that is not there is no error. */
    public void unwatch(Watcher watcher) {
        watchers.remove(watcher);
    }

    /** Called by whoever gives the memory back, when the region is out of its {@link GuestMemory} and not in use. */
    public void leave() {
        for (Watcher watcher : List.copyOf(watchers)) {
            watcher.leaving(this);
        }
        watchers.clear();
    }

    void hold() {
        inFlight++;
    }

    void release() {
        inFlight--;
        assert inFlight >= 0;
    }
}

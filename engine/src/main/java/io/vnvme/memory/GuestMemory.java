package io.vnvme.memory;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The address space of one guest as its device sees it: non-overlapping regions sorted by IOVA.
 *
 * <p>Owned by one reactor; nothing here is thread-safe. A look-up first tries the region of the last one: guests have
 * one large region or, behind a vIOMMU, thousands of small ones.
 */
public final class GuestMemory {
    private static final int INITIAL_REGIONS = 16;

    private Region[] regions = new Region[INITIAL_REGIONS];
    private int count;
    private long generation;
    private @Nullable Region last;
    private final @Nullable DmaMessages messages;
    private final DmaLog log = new DmaLog();

    /** A guest whose memory is all mapped. */
    public GuestMemory() {
        this(null);
    }

    /** @param messages how to reach regions that have no segment; null when there is no such way */
    public GuestMemory(@Nullable DmaMessages messages) {
        this.messages = messages;
    }

    /** The way to regions without a segment, or null when there is none. */
    public @Nullable DmaMessages messages() {
        return messages;
    }

    /** Which pages the device has written. */
    public DmaLog log() {
        return log;
    }

    /** Grows with every change of the map: what was found under an older generation must be looked up again. */
    public long generation() {
        return generation;
    }

    public int regionCount() {
        return count;
    }

    /** Region {@code index} in the order of addresses. */
    public Region region(int index) {
        return regions[index];
    }

    /** True when any address of the range belongs to a region. */
    public boolean overlaps(long iova, long sizeBytes) {
        int at = floor(iova + sizeBytes - 1);
        return at >= 0 && Long.compareUnsigned(regions[at].iova() + regions[at].sizeBytes() - 1, iova) >= 0;
    }

    /** @throws IllegalArgumentException when the region overlaps one that is there */
    public void map(Region region) {
        if (overlaps(region.iova(), region.sizeBytes())) {
            throw new IllegalArgumentException("0x%x overlaps a mapped region".formatted(region.iova()));
        }
        if (count == regions.length) {
            regions = Arrays.copyOf(regions, count * 2);
        }
        int at = floor(region.iova()) + 1;
        System.arraycopy(regions, at, regions, at + 1, count - at);
        regions[at] = region;
        count++;
        generation++;
    }

    /** Takes out the region that is exactly this range; null when there is none. */
    public @Nullable Region unmap(long iova, long sizeBytes) {
        int at = floor(iova);
        if (at < 0 || regions[at].iova() != iova || regions[at].sizeBytes() != sizeBytes) {
            return null;
        }
        Region region = regions[at];
        System.arraycopy(regions, at + 1, regions, at, count - at - 1);
        count--;
        forget(count);
        return region;
    }

    /** Takes out all regions and returns them in the order of addresses. */
    public Region[] unmapAll() {
        Region[] all = Arrays.copyOf(regions, count);
        Arrays.fill(regions, 0, count, null);
        count = 0;
        last = null;
        generation++;
        return all;
    }

    /** The region that holds {@code iova}, or null. */
    public @Nullable Region find(long iova) {
        Region cached = last;
        if (cached != null && cached.contains(iova)) {
            return cached;
        }
        int at = floor(iova);
        if (at < 0 || !regions[at].contains(iova)) {
            return null;
        }
        last = regions[at];
        return regions[at];
    }

    @SuppressWarnings("NullAway") // slots at and beyond count are never read
    private void forget(int slot) {
        regions[slot] = null;
        last = null;
        generation++;
    }

    /** Index of the last region that begins at or below {@code iova}; -1 when there is none. */
    private int floor(long iova) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(regions[middle].iova(), iova) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }
}

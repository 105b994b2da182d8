package io.vnvme.nvme;

import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A queue's ring in guest memory: contiguous addresses, that may lie in several regions.
 *
 * <p>Entries are 16 or 64 bytes and rings begin at a page, so an entry never lies in two regions. The region of the
 * last entry is kept while the guest's memory map stays as it is.
 */
final class QueueMemory {
    private final GuestMemory memory;
    private final long baseIova;
    private final int entryBytes;
    private final boolean toGuest;
    private long generation = -1;
    private @Nullable Region region;

    QueueMemory(GuestMemory memory, long baseIova, int entryBytes, boolean toGuest) {
        this.memory = memory;
        this.baseIova = baseIova;
        this.entryBytes = entryBytes;
        this.toGuest = toGuest;
    }

    long baseIova() {
        return baseIova;
    }

    /** Address of entry {@code index} in the guest. */
    long iova(int index) {
        return baseIova + (long) index * entryBytes;
    }

    /** The region of entry {@code index}, or null when the entry has no memory that may be used so. */
    @Nullable
    Region regionOf(int index) {
        long iova = iova(index);
        Region cached = region;
        if (cached != null && generation == memory.generation() && cached.contains(iova)) {
            return cached;
        }
        Region found = memory.find(iova);
        boolean usable =
                found != null && found.bytesFrom(iova) >= entryBytes && (toGuest ? found.writable() : found.readable());
        region = usable ? found : null;
        generation = memory.generation();
        return region;
    }

    /** How many entries from {@code index} on lie in its region without a gap. */
    int entriesFrom(Region of, int index) {
        return (int) Math.min(Integer.MAX_VALUE, of.bytesFrom(iova(index)) / entryBytes);
    }

    static long offset(Region of, long iova) {
        return iova - of.iova();
    }

    static MemorySegment segment(Region of) {
        MemorySegment segment = of.segment();
        if (segment == null) {
            throw new IllegalStateException("region without a segment");
        }
        return segment;
    }
}

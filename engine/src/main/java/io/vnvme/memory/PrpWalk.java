package io.vnvme.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Physical Region Page entries and lists to a scatter list (NVM Express Base 2.0, 4.1.1).
 *
 * <p>Every entry is read once. Only the first list may begin within a page; each further one begins at a page, so
 * each yields all but one of its entries as data and the walk is bounded by the length, also over lists in loops.
 */
public final class PrpWalk {
    private static final ValueLayout.OfLong ENTRY = ValueLayout.JAVA_LONG_UNALIGNED;

    private PrpWalk() {}

    /**
     * Appends the pages of a transfer to {@code out}.
     *
     * @param prp1 first entry: a data address, dword-aligned
     * @param prp2 second data page, or the first list, by length
     * @param lengthBytes bytes to transfer, more than 0
     * @param pageBytes memory page size, CC.MPS decoded
     * @param toGuest true when the controller writes the data
     * @param fetched lists in memory without a mapping; null when there is none such
     * @return a {@link DataWalk} code
     */
    public static int walk(
            GuestMemory memory,
            long prp1,
            long prp2,
            long lengthBytes,
            int pageBytes,
            boolean toGuest,
            Segments out,
            @Nullable FetchedLists fetched) {
        if ((prp1 & 3) != 0) {
            return DataWalk.PRP_OFFSET;
        }
        long first = Math.min(lengthBytes, pageBytes - (prp1 & (pageBytes - 1)));
        int status = DataWalk.append(memory, prp1, first, toGuest, out);
        long left = lengthBytes - first;
        if (status != DataWalk.OK || left == 0) {
            return status;
        }
        if (left > pageBytes) {
            return walkLists(memory, prp2, left, pageBytes, toGuest, out, fetched);
        }
        if ((prp2 & (pageBytes - 1)) != 0) {
            return DataWalk.PRP_OFFSET;
        }
        return DataWalk.append(memory, prp2, left, toGuest, out);
    }

    private static int walkLists(
            GuestMemory memory,
            long firstList,
            long lengthBytes,
            int pageBytes,
            boolean toGuest,
            Segments out,
            @Nullable FetchedLists fetched) {
        if ((firstList & 7) != 0) {
            return DataWalk.PRP_OFFSET;
        }
        long at = firstList;
        long left = lengthBytes;
        while (left > 0) {
            Region region = memory.find(at);
            if (region == null || !region.readable()) {
                return DataWalk.UNMAPPED;
            }
            MemorySegment segment = region.segment();
            long entry;
            if (segment != null) {
                if (region.bytesFrom(at) < Long.BYTES) {
                    return DataWalk.UNMAPPED;
                }
                entry = segment.get(ENTRY, at - region.iova());
            } else if (fetched == null) {
                return DataWalk.UNMAPPED;
            } else if (fetched.holds(at)) {
                entry = fetched.word(at);
            } else {
                return DataWalk.LIST_MISSING;
            }
            if ((entry & (pageBytes - 1)) != 0) {
                return DataWalk.PRP_OFFSET;
            }
            boolean lastOfPage = ((at + Long.BYTES) & (pageBytes - 1)) == 0;
            if (lastOfPage && left > pageBytes) {
                at = entry;
                continue;
            }
            long part = Math.min(left, pageBytes);
            int status = DataWalk.append(memory, entry, part, toGuest, out);
            if (status != DataWalk.OK) {
                return status;
            }
            left -= part;
            at += Long.BYTES;
        }
        return DataWalk.OK;
    }
}

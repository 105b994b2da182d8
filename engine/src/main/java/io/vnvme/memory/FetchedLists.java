package io.vnvme.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * PRP lists and SGL segments read by messages, a 4 KiB page each, so that a walk that met a missing page is repeated
 * over exactly what was read before: the guest cannot change a list between two walks.
 */
public final class FetchedLists {
    /** Granule of a fetch, in bytes. */
    public static final int PAGE_SIZE = 4096;

    private final Map<Long, MemorySegment> pages = new HashMap<>();
    private long missingIova;

    /** Address of the page that the last walk lacked. */
    public long missingIova() {
        return missingIova;
    }

    /** Memory for the missing page, to be filled before the walk is repeated. */
    public MemorySegment admitMissing() {
        MemorySegment page = Arena.ofAuto().allocate(PAGE_SIZE, Long.BYTES);
        pages.put(missingIova, page);
        return page;
    }

    public int pageCount() {
        return pages.size();
    }

    boolean holds(long iova) {
        missingIova = iova & -PAGE_SIZE;
        return pages.containsKey(missingIova);
    }

    long word(long iova) {
        MemorySegment page = pages.get(iova & -PAGE_SIZE);
        if (page == null) {
            throw new IllegalStateException("page of 0x%x was not fetched".formatted(iova));
        }
        return page.get(ValueLayout.JAVA_LONG, iova & (PAGE_SIZE - 1));
    }
}

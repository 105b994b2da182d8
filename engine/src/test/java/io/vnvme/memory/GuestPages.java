package io.vnvme.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Guest memory for tests: one region of pages from address 0x10000 on. */
final class GuestPages {
    static final long BASE = 0x10000;
    static final int PAGE = 4096;

    final GuestMemory memory = new GuestMemory();
    final MemorySegment segment;

    GuestPages(int pages) {
        segment = Arena.ofAuto().allocate((long) pages * PAGE, PAGE);
        memory.map(new Region(BASE, segment.byteSize(), segment, true, true));
    }

    static long page(int index) {
        return BASE + (long) index * PAGE;
    }

    /** Stores a 64-bit word at a guest address. */
    void put(long iova, long value) {
        segment.set(ValueLayout.JAVA_LONG_UNALIGNED, iova - BASE, value);
    }
}

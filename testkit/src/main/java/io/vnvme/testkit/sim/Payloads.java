package io.vnvme.testkit.sim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The data of writes that are not on the media yet: runs of sectors in one memory, first fit behind the last one given.
 *
 * <p>Images of a cut point into it, so that taking one copies nothing.
 */
final class Payloads {
    private static final int SECTOR = PowerCutDrive.SECTOR;
    private static final ValueLayout.OfLong STAMP = ValueLayout.JAVA_LONG_UNALIGNED;

    private final MemorySegment memory;
    private final boolean[] used;
    /** For each sector the number of what is in it, and its first eight bytes. */
    private final long[] contents;

    private final long[] stamps;
    private int cursor;

    Payloads(Arena arena, int sectors) {
        memory = KeptMemory.dirty(arena, (long) sectors * SECTOR);
        used = new boolean[sectors];
        contents = new long[sectors];
        stamps = new long[sectors];
    }

    MemorySegment memory() {
        return memory;
    }

    /** Takes a run of sectors, or -1 when there is none. */
    int take(int count) {
        int slot = search(cursor, used.length, count);
        if (slot < 0) {
            slot = search(0, Math.min(used.length, cursor + count), count);
        }
        if (slot >= 0) {
            Arrays.fill(used, slot, slot + count, true);
            cursor = slot + count;
        }
        return slot;
    }

    private int search(int from, int to, int count) {
        int run = 0;
        for (int i = from; i < to; i++) {
            run = used[i] ? 0 : run + 1;
            if (run == count) {
                return i - count + 1;
            }
        }
        return -1;
    }

    /** Data has come into a run: its sectors are numbered from {@code firstContent} on. */
    void filled(int slot, int count, long firstContent) {
        for (int i = 0; i < count; i++) {
            contents[slot + i] = firstContent + i;
            stamps[slot + i] = memory.get(STAMP, (long) (slot + i) * SECTOR);
        }
    }

    long content(int sector) {
        return contents[sector];
    }

    long stamp(int sector) {
        return stamps[sector];
    }

    void give(int slot, int count) {
        Arrays.fill(used, slot, slot + count, false);
    }
}

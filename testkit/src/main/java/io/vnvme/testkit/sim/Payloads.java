package io.vnvme.testkit.sim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The data of writes that are not on the media yet: runs of sectors in one memory, first fit behind the last one given.
 *
 * <p>Images of a cut point into it, so that taking one copies nothing.
 */
final class Payloads {
    private static final int SECTOR = PowerCutDrive.SECTOR;

    private final MemorySegment memory;
    private final boolean[] used;
    private int cursor;

    Payloads(Arena arena, int sectors) {
        memory = arena.allocate((long) sectors * SECTOR, SECTOR);
        used = new boolean[sectors];
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

    void give(int slot, int count) {
        Arrays.fill(used, slot, slot + count, false);
    }
}

package io.vnvme.testkit.guard;

import io.vnvme.testkit.sim.PowerCutDrive;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** What a drive does to data without a word. */
final class Damage {
    private static final int BLOCK = 4096;

    private Damage() {}

    /** Where a drive has these 4 KiB, which lie on it once. */
    static long find(PowerCutDrive drive, byte[] block) {
        return findOther(drive, block, -1);
    }

    /** The same, where they lie a second time. */
    static long findOther(PowerCutDrive drive, byte[] block, long known) {
        MemorySegment memory = drive.visible();
        MemorySegment wanted = MemorySegment.ofArray(block);
        for (long at = 0; at + BLOCK <= memory.byteSize(); at += BLOCK) {
            if (at != known && MemorySegment.mismatch(memory, at, at + BLOCK, wanted, 0, BLOCK) < 0) {
                return at;
            }
        }
        throw new AssertionError("the block is not on the drive");
    }

    /** Turns one bit. */
    static void flip(PowerCutDrive drive, long at) {
        MemorySegment memory = drive.visible();
        memory.set(ValueLayout.JAVA_BYTE, at + 9, (byte) (memory.get(ValueLayout.JAVA_BYTE, at + 9) ^ 16));
    }

    /** Whether all drives have the same 4 KiB there. */
    static boolean equal(List<PowerCutDrive> drives, long at) {
        MemorySegment first = drives.getFirst().visible().asSlice(at, BLOCK);
        return drives.stream().allMatch(drive -> first.mismatch(drive.visible().asSlice(at, BLOCK)) < 0);
    }
}

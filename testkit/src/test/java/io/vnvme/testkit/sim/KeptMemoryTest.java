package io.vnvme.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What one simulation leaves, the next one does not find. */
final class KeptMemoryTest {
    private static final int SIZE = 1 << 20;
    private static final int PART = 4096;

    private static PowerCutDrive drive(Arena arena) {
        PowerCutDrive drive = new PowerCutDrive("d0", SIZE, 512, () -> 0, Faults.NONE, new SplittableRandom(1), arena);
        drive.instant(true);
        return drive;
    }

    private static void write(PowerCutDrive drive, long offset, MemorySegment data, boolean forceUnitAccess) {
        Io io = new Io((_, _) -> {});
        io.data().add(data, 0, data.byteSize());
        io.prepare(Io.WRITE, offset, data.byteSize(), forceUnitAccess);
        assertThat(drive.submit(io)).isEqualTo(IoStatus.OK);
    }

    private static boolean zeros(MemorySegment memory) {
        return MemorySegment.ofArray(new byte[SIZE]).mismatch(memory) < 0;
    }

    private static MemorySegment shown(CutImage image, Arena arena) {
        MemorySegment memory = arena.allocate(SIZE);
        Io io = new Io((_, _) -> {});
        io.data().add(memory, 0, SIZE);
        io.prepare(Io.READ, 0, SIZE, false);
        assertThat(image.submit(io)).isEqualTo(IoStatus.OK);
        return memory;
    }

    @Test
    void aDriveIsEmptyWhoeverHadItsMemoryBefore() {
        for (int round = 0; round < 3; round++) {
            KeptMemory memory = KeptMemory.take();
            PowerCutDrive drive = drive(memory);
            CutImage image = new CutImage(drive, memory);
            image.take(0);
            assertThat(zeros(drive.seen())).isTrue();
            assertThat(zeros(shown(image, memory))).isTrue();
            MemorySegment data = memory.allocate(PART).fill((byte) 7);
            write(drive, 0, data, true);
            write(drive, 3 * PART, data, false);
            write(drive, 6 * PART, data, false);
            image.take(1);
            drive.restart(image);
            write(drive, 9 * PART, data, false);
            drive.visible().set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 1);
            drive.wipe();
            memory.close();
        }
    }

    @Test
    void aRestartedDriveReadsWhatTheCutLeft() {
        try (Arena arena = Arena.ofConfined()) {
            PowerCutDrive drive = drive(arena);
            MemorySegment data = arena.allocate(PART).fill((byte) 7);
            write(drive, 0, data, true);
            write(drive, PART, data, false);
            write(drive, 2 * PART, data, false);
            CutImage image = new CutImage(drive, arena);
            image.take(2);
            MemorySegment left = shown(image, arena);
            drive.restart(image);
            assertThat(drive.seen().mismatch(left)).isNegative();
            drive.visible().set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 1);
            image.take(0);
            drive.restart(image);
            assertThat(drive.seen().mismatch(left)).isNegative();
        }
    }
}

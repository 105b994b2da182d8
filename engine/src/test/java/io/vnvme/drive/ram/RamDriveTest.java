package io.vnvme.drive.ram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.volume.LinearVolume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RamDriveTest {
    private static final int SIZE = 64 * 4096;

    private final MemorySegment buffer = Arena.ofAuto().allocate(SIZE);
    private final Io io = new Io((done, status) -> {
        throw new IllegalStateException("a RAM drive completes inside submit");
    });

    /** Whatever is written, zeroed and deallocated: reads say what an array of bytes would. */
    @Test
    void behavesLikeAnArray() {
        long seed = Long.getLong("vnvme.seed", System.nanoTime());
        Random random = new Random(seed);
        byte[] model = new byte[SIZE / 2];
        try (RamDrive drive = RamDrive.create("ram0", SIZE)) {
            LinearVolume volume = new LinearVolume(drive, SIZE / 4, model.length);
            for (int i = 0; i < 5000; i++) {
                int from = random.nextInt(model.length / 512) * 512;
                int length = (1 + random.nextInt(Math.min(64, (model.length - from) / 512))) * 512;
                int operation = 1 + random.nextInt(5);
                io.data().clear();
                io.data().add(buffer, 0, length / 2);
                io.data().add(buffer, SIZE / 2, length - length / 2);
                byte[] fresh = new byte[length];
                random.nextBytes(fresh);
                if (operation == Io.WRITE) {
                    io.data().copyFrom(0, MemorySegment.ofArray(fresh), 0, length);
                    System.arraycopy(fresh, 0, model, from, length);
                } else if (operation == Io.WRITE_ZEROES || operation == Io.DEALLOCATE) {
                    Arrays.fill(model, from, from + length, (byte) 0);
                }
                io.prepare(operation, from, length, false);
                assertThat(volume.submit(io)).isEqualTo(IoStatus.OK);
                if (operation == Io.READ) {
                    assertThat(io.data().matches(0, MemorySegment.ofArray(model), from, length))
                            .as("seed %d, step %d", seed, i)
                            .isTrue();
                }
            }
            assertThat(outside(drive))
                    .as("seed %d: nothing outside the volume", seed)
                    .isEqualTo(-1);
        }
    }

    private long outside(RamDrive drive) {
        io.data().clear();
        io.data().add(buffer, 0, SIZE / 4);
        io.prepare(Io.READ, 0, SIZE / 4, false);
        drive.submit(io);
        MemorySegment zeros = Arena.ofAuto().allocate(SIZE / 4);
        return buffer.asSlice(0, SIZE / 4).mismatch(zeros);
    }

    @Test
    void refusesSizesAndRangesThatMakeNoSense() {
        assertThatThrownBy(() -> RamDrive.create("r", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RamDrive.create("r", 4097)).isInstanceOf(IllegalArgumentException.class);
        try (RamDrive drive = RamDrive.create("r", 8192)) {
            assertThatThrownBy(() -> new LinearVolume(drive, 4096, 8192)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new LinearVolume(drive, Long.MAX_VALUE, 4096))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new LinearVolume(drive, 100, 512)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new LinearVolume(drive, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}

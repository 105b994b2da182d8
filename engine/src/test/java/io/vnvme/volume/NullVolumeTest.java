package io.vnvme.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NullVolumeTest {
    private static final int SIZE = 1 << 20;
    private static final byte FULL = 0x5a;

    private final MemorySegment memory = Arena.ofAuto().allocate(SIZE);
    private final Io io = new Io((_, _) -> {
        throw new IllegalStateException("a null volume completes inside submit");
    });

    @Test
    void keepsNothingAndReadsZerosInAllPiecesAndNowhereElse() {
        try (RamDrive drive = RamDrive.sparse("shape", SIZE)) {
            NullVolume volume = new NullVolume(new LinearVolume(drive, 0, SIZE));
            assertThat(volume.sizeBytes()).isEqualTo(SIZE);
            assertThat(volume.blockSizeBytes()).isEqualTo(512);
            memory.fill(FULL);
            io.data().add(memory, 4096, 4096);
            io.data().add(memory, 16384, 512);
            for (int operation : new int[] {Io.WRITE, Io.FLUSH, Io.WRITE_ZEROES, Io.DEALLOCATE}) {
                io.prepare(operation, 0, 4608, false);
                assertThat(volume.submit(io)).isEqualTo(IoStatus.OK);
            }
            assertThat(memory.asSlice(4096, 4096).mismatch(MemorySegment.ofArray(filled(4096))))
                    .isEqualTo(-1);
            io.prepare(Io.READ, 0, 4608, false);
            assertThat(volume.submit(io)).isEqualTo(IoStatus.OK);
            for (int at = 0; at < SIZE; at++) {
                boolean read = at >= 4096 && at < 8192 || at >= 16384 && at < 16896;
                assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isEqualTo(read ? 0 : FULL);
            }
        }
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, FULL);
        return bytes;
    }
}

package io.vnvme.testkit.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.IoStatus;
import io.vnvme.testkit.seed.FuzzLoop;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A damaged checksum area: what is read is right or an Unrecovered Read Error, and the volume can be written again. */
final class ChecksumAreaFuzz {
    private int errors;

    @Test
    void readsAreRightOrFail() {
        FuzzLoop.run("ChecksumAreaFuzz", this::round);
        assertThat(errors).isPositive();
    }

    private void round(SplittableRandom random) {
        try (Arena arena = Arena.ofConfined()) {
            GuardedPool pool = new GuardedPool(random, arena, 1, true, random.nextBoolean());
            for (int i = 0; i < 12; i++) {
                pool.change();
            }
            pool.flush();
            pool.restart(() -> {
                for (int i = 1 + random.nextInt(8); i > 0; i--) {
                    pool.damageChecksums();
                }
            });
            for (int block = 0; block < GuardedPool.VOLUME / 4096; block++) {
                int status = pool.readBlock(block);
                assertThat(status).isIn(IoStatus.OK, IoStatus.READ_ERROR);
                errors += status == IoStatus.OK ? 0 : 1;
            }
            pool.write(0, new byte[GuardedPool.VOLUME]);
            pool.check();
        }
    }
}

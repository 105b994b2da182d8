package io.vnvme.testkit.guard;

import io.vnvme.testkit.seed.FuzzLoop;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Changes, power cuts and restarts of volumes with checksums, encryption, or both: what was flushed reads as it was written. */
final class GuardedFuzz {
    @Test
    void volumesAgainstAnArray() {
        FuzzLoop.run("GuardedFuzz", GuardedFuzz::round);
    }

    private static void round(SplittableRandom random) {
        try (Arena arena = Arena.ofConfined()) {
            int kind = random.nextInt(3);
            GuardedPool pool = new GuardedPool(random, arena, 1 + random.nextInt(2), kind != 0, kind != 1);
            for (int part = 0; part < 6; part++) {
                for (int i = 0; i < 12; i++) {
                    pool.change();
                }
                if (random.nextInt(3) == 0) {
                    pool.rest();
                }
                pool.check();
                pool.flush();
                switch (random.nextInt(4)) {
                    case 0 -> pool.cutPower();
                    case 1 -> pool.restart();
                    case 2 -> pool.cutUnderWrites();
                    default -> {}
                }
                pool.check();
            }
        }
    }
}

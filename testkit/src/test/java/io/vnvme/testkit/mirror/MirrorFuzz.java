package io.vnvme.testkit.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.seed.FuzzLoop;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Replicas die at any moment, come back, are exchanged for empty ones, lose sectors; the power is cut and comes back
 * without some of them. No acknowledged write may be lost, and in the end all replicas are equal.
 */
final class MirrorFuzz {
    private static final int STEPS = 1500;
    private static final int ROUNDS_MAX = 20;

    private int failures;
    private int rebuilds;
    private int cuts;

    @Test
    void acknowledgedWritesOutliveReplicas() {
        FuzzLoop.run("MirrorFuzz", this::round);
        // On a slow machine the time is over after a round or two, in which not everything need have happened.
        SplittableRandom more = new SplittableRandom(1);
        for (int i = 0; i < ROUNDS_MAX && (failures == 0 || rebuilds == 0 || cuts == 0); i++) {
            round(more.split());
        }
        assertThat(failures).isPositive();
        assertThat(rebuilds).isPositive();
        assertThat(cuts).isPositive();
    }

    private void round(SplittableRandom random) {
        try (Arena arena = Arena.ofConfined()) {
            MirrorWorld world = new MirrorWorld(random, arena);
            for (int i = 0; i < STEPS; i++) {
                int dice = random.nextInt(400);
                if (dice < 120) {
                    world.work();
                } else if (dice < 124) {
                    world.dies();
                } else if (dice < 132) {
                    world.comesBack();
                } else if (dice < 136) {
                    world.unreadable();
                } else if (dice == 136) {
                    world.powerCut();
                }
                world.step();
            }
            world.heal();
            world.checkAll();
            world.restClean();
            world.checkAll();
            failures += world.failures;
            rebuilds += world.rebuilds;
            cuts += world.cuts;
        }
    }
}

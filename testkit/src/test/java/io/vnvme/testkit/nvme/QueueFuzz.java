package io.vnvme.testkit.nvme;

import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.sim.Sharing;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Queues created and deleted in any order, and resets, in the midst of commands, against {@link QueueModel}. */
final class QueueFuzz {
    private static final int STEPS = 200;

    @Test
    void everyQueueCommandEndsAsTheModelSays() {
        FuzzLoop.run("queues", QueueFuzz::round);
    }

    private static void round(SplittableRandom random) {
        RamLayout layout = RamLayout.adjacent(4 << 20, 64 << 10);
        try (Guest guest = Guest.start(layout, Sharing.any(random), random.split())) {
            QueueModel model = new QueueModel(guest, random, false);
            for (int i = 0; i < STEPS; i++) {
                model.step();
            }
            model.settleAll();
        }
    }

    /** Two reactors: what one does the other one cannot tell. */
    @Test
    void twoAtOnceHaveNothingInCommon() {
        FuzzLoop.run("queues of two reactors", random -> {
            SplittableRandom others = random.split();
            CompletableFuture<Void> other = CompletableFuture.runAsync(
                    () -> round(others),
                    work -> Thread.ofPlatform().name("other").start(work));
            round(random);
            other.join();
        });
    }

    /** The same with a host that sleeps whenever it may: whatever ends, ends because somebody was woken for it. */
    @Test
    void nothingSleepsThroughADoorbell() {
        FuzzLoop.run("queues of sleepers", QueueFuzz::sleepyRound);
    }

    private static void sleepyRound(SplittableRandom random) {
        RamLayout layout = RamLayout.adjacent(4 << 20, 64 << 10);
        try (Guest guest = Guest.startTrapped(layout, Sharing.any(random), random.split())) {
            QueueModel model = new QueueModel(guest, random, random.nextInt(4) > 0);
            for (int i = 0; i < STEPS; i++) {
                model.step();
            }
            model.settleAll();
        }
    }
}

package io.vnvme.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.testkit.seed.Seed;
import io.vnvme.testkit.sim.FlushHonesty;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Orders of writing that a pool must not have are found out: made by drives that leave out certain flushes. */
final class CanaryTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long JOURNAL_OFFSET = 64L << 10;
    /** The end of the largest journal that simulated pools have, and the start of the data of the smallest. */
    private static final long DATA_OFFSET = JOURNAL_OFFSET + (64L << 10);

    enum Canary {
        /** Nothing is made durable but by luck. */
        NO_FLUSH,
        /** The journal, or a superblock, may be on the media before the data and the pages that it refers to. */
        METADATA_BEFORE_DATA,
        /** The second superblock may be written over before the first one is on the media. */
        SUPERBLOCKS_TOGETHER;

        FlushHonesty honesty() {
            return switch (this) {
                case NO_FLUSH -> _ -> false;
                case METADATA_BEFORE_DATA -> last -> last < DATA_OFFSET;
                case SUPERBLOCKS_TOGETHER -> last -> last != 0;
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void isCaught(Canary canary) {
        Simulate simulate = new Simulate(new Seed(1), PoolStore::new)
                .prepare(drives -> drives.forEach(drive -> drive.honesty(canary.honesty())));
        assertThatThrownBy(() -> simulate.run(LIMIT, 2))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("cut");
    }
}

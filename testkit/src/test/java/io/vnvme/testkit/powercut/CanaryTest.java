package io.vnvme.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.Superblock;
import io.vnvme.testkit.seed.Seed;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.WriteFate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a pool must not do is found out: drives that leave out certain flushes and writes stand for engines that do it. */
final class CanaryTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long JOURNAL_OFFSET = 64L << 10;
    /** The end of the largest journal that simulated pools have, and the start of the data of the smallest. */
    private static final long DATA_OFFSET = JOURNAL_OFFSET + (64L << 10);
    /** Where a mirror says which of its drives have everything, and behind it. */
    private static final long HEADERS_OFFSET = 4096;

    private static final long HEADERS_END = 3 * 4096;

    enum Canary {
        /** Nothing is made durable but by luck. */
        NO_FLUSH(PoolKind.PLAIN),
        /** The journal, or a superblock, may be on the media before the data and the pages that it refers to. */
        METADATA_BEFORE_DATA(PoolKind.PLAIN),
        /** The second superblock may be written over before the first one is on the media. */
        SUPERBLOCKS_TOGETHER(PoolKind.PLAIN),
        /** One drive of a mirror is not flushed. */
        ONE_REPLICA_NOT_FLUSHED(PoolKind.MIRRORED),
        /** A write is acknowledged though nothing says that the drive which failed at it lacks it. */
        STALENESS_NOT_RECORDED(PoolKind.MIRRORED),
        /** Checksums on the drive may be older than the data though no note says so. */
        CHECKSUMS_NOT_NOTED(PoolKind.GUARDED);

        private final PoolKind kind;

        Canary(PoolKind kind) {
            this.kind = kind;
        }

        void prepare(List<PowerCutDrive> drives) {
            switch (this) {
                case NO_FLUSH -> drives.forEach(drive -> drive.honesty(_ -> false));
                case METADATA_BEFORE_DATA -> drives.forEach(drive -> drive.honesty(last -> last < DATA_OFFSET));
                case SUPERBLOCKS_TOGETHER -> drives.forEach(drive -> drive.honesty(last -> last != 0));
                case ONE_REPLICA_NOT_FLUSHED -> drives.get(1).honesty(_ -> false);
                case STALENESS_NOT_RECORDED -> drives.forEach(drive -> drive.fate(losing(HEADERS_OFFSET, HEADERS_END)));
                case CHECKSUMS_NOT_NOTED -> drives.forEach(CanaryTest::loseChecksums);
            }
        }
    }

    private static WriteFate losing(long from, long to) {
        return (_, offset, _, _, _) -> offset >= from && offset < to ? WriteFate.LOST : WriteFate.DONE;
    }

    /** Every other page of checksums is lost: what is on the drive then is older than the data, and no note says so. */
    private static void loseChecksums(PowerCutDrive drive) {
        PoolConfig config = Superblock.decode(drive.visible().asSlice(0, Superblock.SIZE))
                .pool()
                .orElseThrow()
                .config();
        WriteFate losing = losing(
                Geometry.checksumOffset(config.journalBytes()),
                config.sets().getFirst().dataOffsetBytes());
        boolean[] second = {false};
        drive.fate((its, offset, length, memory, at) -> {
            long fate = losing.of(its, offset, length, memory, at);
            second[0] ^= fate == WriteFate.LOST;
            return second[0] ? WriteFate.DONE : fate;
        });
    }

    @ParameterizedTest
    @EnumSource
    void isCaught(Canary canary) {
        Simulate simulate = new Simulate(new Seed(1), _ -> new PoolStore(canary.kind)).prepare(canary::prepare);
        assertThatThrownBy(() -> simulate.run(LIMIT, 2))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("cut");
    }
}

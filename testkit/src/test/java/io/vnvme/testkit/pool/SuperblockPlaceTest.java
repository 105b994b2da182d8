package io.vnvme.testkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.pool.PoolCheck;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.Superblock;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The two superblocks lie at the start of a drive and at the end that it had when it was claimed. */
class SuperblockPlaceTest {
    private static final long DRIVE_BYTES = 16 << 20;
    private static final long JOURNAL_BYTES = 64 << 10;

    private final SimClock clock = new SimClock();
    private final SimDrive drive = drive(DRIVE_BYTES);
    private SimPool pool;
    private Superblock superblock;

    private SimDrive drive(long sizeBytes) {
        return new SimDrive("d", sizeBytes, 512, clock, Faults.NONE, new SplittableRandom(1));
    }

    @BeforeEach
    void createPool() {
        pool = new SimPool(clock, Layout.CONCAT, JOURNAL_BYTES, List.of(drive));
        pool.create("v", 4 << 20);
        superblock = pool.scan().found().values().iterator().next().superblock();
    }

    @AfterEach
    void closeDrive() {
        drive.close();
    }

    /** As after a power cut between the two: the newest is where the drive once ended. */
    @Test
    void theNewestIsFoundOnADriveThatGrew() {
        byte[] older = drive.memory().asSlice(0, Superblock.SIZE).toArray(ValueLayout.JAVA_BYTE);
        byte[] data = new byte[4096];
        new SplittableRandom(2).nextBytes(data);
        pool.write("v", 0, data);
        pool.close();
        long newest = pool.scan().generation();
        assertThat(newest).isGreaterThan(superblock.generation());
        drive.memory().asSlice(0, Superblock.SIZE).copyFrom(MemorySegment.ofArray(older));
        try (SimDrive grown = drive(2 * DRIVE_BYTES)) {
            grown.memory().asSlice(0, DRIVE_BYTES).copyFrom(drive.memory());
            pool.exchange(0, grown);
            assertThat(pool.scan().generation()).isEqualTo(newest);
            pool.open();
            assertThat(pool.read("v", 0, 4096)).isEqualTo(data);
            pool.close();
            assertThat(pool.scan().found().values().iterator().next().atStart()).isTrue();
            assertThat(PoolCheck.run(pool.scan()).problems()).isEmpty();
        }
    }

    @Test
    void aSizeThatLeavesNoRoomForWhatThePoolHasIsRefused() {
        pool.crash();
        long data = Geometry.dataOffset(Geometry.clusterCount(DRIVE_BYTES, JOURNAL_BYTES), JOURNAL_BYTES);
        for (long claimed : new long[] {2 * Superblock.SIZE, data + (1 << 20), DRIVE_BYTES - Geometry.CLUSTER_BYTES}) {
            claim(claimed);
            byte[] before = contents();
            assertThatThrownBy(pool::open)
                    .isInstanceOf(PoolException.class)
                    .hasMessageContaining("the pool counts on more");
            assertThat(contents()).isEqualTo(before);
        }
    }

    @Test
    void aSizeThatNoDriveHasIsRefused() {
        pool.crash();
        for (long claimed : new long[] {0, -1, Long.MIN_VALUE, Superblock.SIZE, DRIVE_BYTES + 1, Long.MAX_VALUE}) {
            claim(claimed);
            assertThatThrownBy(pool::open).isInstanceOf(PoolException.class);
            assertThatThrownBy(() -> PoolCheck.run(pool.scan())).isInstanceOf(PoolException.class);
        }
    }

    /** Both superblocks say so. */
    private void claim(long driveBytes) {
        MemorySegment first = drive.memory().asSlice(0, Superblock.SIZE);
        new Superblock(
                        superblock.generation(),
                        superblock.drive(),
                        superblock.driveName(),
                        driveBytes,
                        superblock.pool())
                .encode(first);
        drive.memory()
                .asSlice(Geometry.secondSuperblock(DRIVE_BYTES), Superblock.SIZE)
                .copyFrom(first);
    }

    private byte[] contents() {
        return drive.memory().toArray(ValueLayout.JAVA_BYTE);
    }
}

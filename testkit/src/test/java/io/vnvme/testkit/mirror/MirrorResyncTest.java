package io.vnvme.testkit.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.mirror.AllocatedRanges;
import io.vnvme.pool.mirror.MirrorListener;
import io.vnvme.pool.mirror.MirrorLoader;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.SimClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Replicas that differ after a crash, some blocks of which cannot be read. */
final class MirrorResyncTest {
    private static final int BLOCK = 4096;
    private static final long SIZE = 3 << 20;
    private static final long DATA = 1 << 20;
    private static final int BLOCKS = 10;
    private static final int BAD = 3;
    private static final int POLLS = 20_000;

    private final Arena arena = Arena.ofConfined();
    private final SimClock clock = new SimClock();
    private final List<PowerCutDrive> drives = new ArrayList<>();
    private MirrorSet set;

    /** The first replica has 1 in each block, the second one 2, and a write may have been under way to all of them. */
    @BeforeEach
    void crash() {
        for (int i = 0; i < 2; i++) {
            drives.add(new PowerCutDrive(
                    "d" + i, SIZE, 512, clock, Faults.delays(10_000), new SplittableRandom(i), arena));
        }
        MirrorLoader.create(new UUID(1, 1), drives.stream().map(this::blocking).toList());
        set = load();
        BlockingDrive mirror = blocking(set);
        assertThat(mirror.write(DATA, filled((byte) 1))).isEqualTo(IoStatus.OK);
        assertThat(blocking(drives.get(1)).write(DATA, filled((byte) 2))).isEqualTo(IoStatus.OK);
    }

    @AfterEach
    void free() {
        arena.close();
    }

    private BlockingDrive blocking(Drive drive) {
        return new BlockingDrive(drive, clock, () -> clock.advance(10_000));
    }

    private MirrorSet load() {
        List<Optional<BlockingDrive>> there =
                drives.stream().map(drive -> Optional.of(blocking(drive))).toList();
        List<Optional<Drive>> present =
                drives.stream().map(drive -> Optional.<Drive>of(drive)).toList();
        return new MirrorSet("m0", MirrorLoader.load(there), present, new Silent(), AllocatedRanges.ALL);
    }

    private MemorySegment filled(byte value) {
        return arena.allocate((long) BLOCKS * BLOCK, BLOCK).fill(value);
    }

    private void restart() {
        set = load();
        for (int i = 0; i < POLLS; i++) {
            set.poll(clock.nowNs());
            clock.advance(100_000);
        }
    }

    private byte on(int drive, int block) {
        return drives.get(drive).visible().get(ValueLayout.JAVA_BYTE, DATA + (long) block * BLOCK);
    }

    private int read(int block) {
        return blocking(set).read(DATA + (long) block * BLOCK, arena.allocate(BLOCK, BLOCK));
    }

    private void requireFirstOnBoth() {
        for (int block = 0; block < BLOCKS; block++) {
            if (block != BAD) {
                assertThat(on(0, block)).isEqualTo((byte) 1);
                assertThat(on(1, block)).isEqualTo((byte) 1);
            }
        }
    }

    @Test
    void aBlockThatTheFirstReplicaCannotReadIsTakenFromTheNextAndOthersAreNot() {
        drives.get(0).latentError(DATA + (long) BAD * BLOCK, BLOCK);
        restart();
        assertThat(set.doubtful()).isFalse();
        requireFirstOnBoth();
        assertThat(on(0, BAD)).isEqualTo((byte) 2);
        assertThat(on(1, BAD)).isEqualTo((byte) 2);
        assertThat(read(BAD)).isEqualTo(IoStatus.OK);
    }

    @Test
    void whereNoReplicaCanBeReadTheyStayInDoubtUntilTheNextStart() {
        drives.forEach(drive -> drive.latentError(DATA + (long) BAD * BLOCK, BLOCK));
        restart();
        assertThat(set.doubtful()).isTrue();
        requireFirstOnBoth();
        assertThat(read(BAD)).isNotEqualTo(IoStatus.OK);
        drives.forEach(PowerCutDrive::mend);
        restart();
        assertThat(set.doubtful()).isFalse();
        assertThat(on(1, BAD)).isEqualTo((byte) 1);
    }

    private static final class Silent implements MirrorListener {
        @Override
        public void replicaFailed(int slot, int status) {
            throw new AssertionError("replica %d failed".formatted(slot));
        }

        @Override
        public void replicaCurrent(int slot) {}

        @Override
        public void rebuildFailed(int slot, long offsetBytes, long lengthBytes) {}

        @Override
        public void repaired(int slot, long offsetBytes, long lengthBytes) {}

        @Override
        public void stopped() {
            throw new AssertionError("the mirror stopped");
        }
    }
}

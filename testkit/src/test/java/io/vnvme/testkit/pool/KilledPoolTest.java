package io.vnvme.testkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Drive;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.pool.KeptChanges;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.format.Layout;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The daemon is killed, and neither drives nor guests are: every write, zeroing and discard that completed is there, flushed or
 * not, wherever snapshots came and went.
 */
class KilledPoolTest {
    private static final int MIB = 1 << 20;
    private static final int VOLUME = 4 * MIB;

    private final SimClock clock = new SimClock();
    private final MemorySegment kept = Arena.ofAuto().allocate(KeptChanges.BYTES, 4096);

    private SimPool pool(SplittableRandom random, boolean slow) {
        kept.asSlice(0, 4096).fill((byte) 0);
        List<Drive> drives = slow
                ? List.of(
                        new SimDrive("a", 24 * MIB, 512, clock, Faults.delays(20_000), random.split()),
                        new SimDrive("b", 24 * MIB, 512, clock, Faults.delays(20_000), random.split()))
                : List.of(RamDrive.create("a", 24 * MIB), RamDrive.create("b", 24 * MIB));
        SimPool pool = new SimPool(clock, Layout.STRIPE, 256 << 10, drives);
        pool.crash();
        pool.keepIn(kept);
        pool.open();
        pool.create("v", VOLUME);
        return pool;
    }

    @Test
    void whatCompletedIsThere() {
        FuzzLoop.run("KilledPoolTest", random -> {
            SimPool pool = pool(random, random.nextBoolean());
            byte[] model = new byte[VOLUME];
            int snapshots = 0;
            for (int kill = 0; kill < 6; kill++) {
                for (int i = random.nextInt(40); i > 0; i--) {
                    snapshots = change(pool, random, model, snapshots);
                }
                pool.crash();
                pool.open();
                assertThat(Arrays.mismatch(pool.read("v", 0, VOLUME), model))
                        .as("first byte that is another after kill %d", kill)
                        .isEqualTo(-1);
            }
            pool.close();
            pool.open();
            assertThat(Arrays.mismatch(pool.read("v", 0, VOLUME), model)).isEqualTo(-1);
            pool.close();
        });
    }

    private int change(SimPool pool, SplittableRandom random, byte[] model, int snapshots) {
        int from = random.nextInt(VOLUME / 512) * 512;
        int length = Math.min(VOLUME - from, (1 + random.nextInt(random.nextInt(10) == 0 ? 600 : 40)) * 512);
        switch (random.nextInt(12)) {
            case 0 -> assertThat(pool.flush("v")).isEqualTo(IoStatus.OK);
            case 1 -> {
                UUID uuid = new UUID(random.nextLong(), random.nextLong());
                pool.run(done -> pool.pool().operations().snapshot("v", "s" + snapshots, uuid, 0, done));
                return snapshots + 1;
            }
            case 2 -> {
                if (snapshots > 0 && pool.pool().operations().list().size() > 1) {
                    String last = "v@s" + (snapshots - 1);
                    pool.run(done -> pool.pool().operations().remove(last, done));
                    return snapshots - 1;
                }
            }
            case 3, 4 -> {
                assertThat(pool.discard("v", from, length)).isEqualTo(IoStatus.OK);
                Arrays.fill(model, from, from + length, (byte) 0);
            }
            default -> {
                byte[] data = new byte[length];
                random.nextBytes(data);
                assertThat(pool.write("v", from, data)).isEqualTo(IoStatus.OK);
                System.arraycopy(data, 0, model, from, length);
            }
        }
        return snapshots;
    }

    @Test
    void withoutThatMemoryItWouldNotBe() {
        SimPool pool = pool(new SplittableRandom(1), false);
        byte[] data = new byte[8192];
        Arrays.fill(data, (byte) 7);
        pool.write("v", 0, data);
        pool.crash();
        kept.asSlice(0, 4096).fill((byte) 0);
        pool.open();
        assertThat(pool.read("v", 0, 8192)).containsOnly(0);
        pool.close();
    }

    @Test
    void whatIsAboutAnOlderLifeOfThePoolDoesNotCount() {
        SimPool pool = pool(new SplittableRandom(1), false);
        byte[] data = new byte[8192];
        Arrays.fill(data, (byte) 7);
        pool.write("v", 0, data);
        pool.crash();
        MemorySegment before = Arena.ofAuto().allocate(4096 + MIB, 8);
        before.copyFrom(kept.asSlice(0, before.byteSize()));
        // Somebody else opens the pool, without that memory, and changes it.
        for (int i = 0; i < 2; i++) {
            kept.asSlice(0, 4096).fill((byte) 0);
            pool.open();
            pool.write("v", MIB, data);
            pool.close();
        }
        kept.asSlice(0, before.byteSize()).copyFrom(before);
        pool.open();
        assertThat(pool.read("v", 0, 8192)).containsOnly(0);
        assertThat(pool.read("v", MIB, 8192)).isEqualTo(data);
        pool.close();
    }

    @Test
    void memoryOfAnotherVersionIsNotPassedOver() {
        SimPool pool = pool(new SplittableRandom(1), false);
        pool.crash();
        kept.set(ValueLayout.JAVA_INT, 8, 2);
        assertThatThrownBy(pool::open).isInstanceOf(PoolException.class).hasMessageContaining("version 2");
    }
}

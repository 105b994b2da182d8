package io.vnvme.testkit.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What copies data between drives by itself takes the replica that is right by its checksums. */
final class RightReplicaTest {
    private static final int BLOCK = 4096;
    private static final int CLUSTER = 16 * BLOCK;
    private static final int VICTIM = CLUSTER + 3 * BLOCK;

    private final Arena arena = Arena.ofAuto();
    private final SplittableRandom random = new SplittableRandom(5);

    private byte[] noise(int length) {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }

    private GuardedPool pool(int replicas, boolean checksums) {
        GuardedPool pool = new GuardedPool(random, arena, replicas, checksums, false);
        pool.write(0, noise(4 * CLUSTER));
        settle(pool);
        return pool;
    }

    private static void settle(GuardedPool pool) {
        pool.flush();
        pool.rest();
    }

    /** The power goes when the journal was written, and the intent of that is on the drives: all is made equal again. */
    private static void cutAndMakeEqual(GuardedPool pool, Runnable damage) {
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.cutPower(damage);
        assertThat(pool.doubtful()).isTrue();
        pool.until(() -> !pool.doubtful());
    }

    private static long flip(GuardedPool pool, int drive) {
        long at = Damage.find(pool.drives.get(drive), pool.block(VICTIM));
        Damage.flip(pool.drives.get(drive), at);
        return at;
    }

    @Test
    void afterACrashTheReplicaThatIsRightCounts() {
        for (int replicas = 2; replicas <= 3; replicas++) {
            for (int drive = 0; drive < replicas; drive++) {
                GuardedPool pool = pool(replicas, true);
                int wrong = drive;
                long[] at = new long[1];
                cutAndMakeEqual(pool, () -> at[0] = flip(pool, wrong));
                assertThat(Damage.equal(pool.drives, at[0])).isTrue();
                pool.check();
            }
        }
    }

    /** Without checksums, and where they may be older than the data, what the first one has may have been read. */
    @Test
    void afterACrashTheFirstReplicaCountsWhereNothingIsKnown() {
        for (boolean checksums : new boolean[] {true, false}) {
            GuardedPool pool = pool(2, checksums);
            // Notes the region of all clusters.
            pool.write(2 * CLUSTER, noise(BLOCK));
            pool.flush();
            long[] at = new long[1];
            cutAndMakeEqual(pool, () -> at[0] = flip(pool, 0));
            assertThat(Damage.equal(pool.drives, at[0])).isTrue();
            assertThat(pool.readBlock(0)).isEqualTo(IoStatus.OK);
            byte[] there = pool.drives.get(1).visible().asSlice(at[0], BLOCK).toArray(ValueLayout.JAVA_BYTE);
            there[9] ^= 16;
            assertThat(there).isEqualTo(pool.block(VICTIM));
        }
    }

    /** The checksums of a cluster's former owner say nothing of the data of one that has none. */
    @Test
    void afterACrashFormerChecksumsDoNotCount() {
        GuardedPool pool = pool(2, true);
        pool.create("former", true);
        byte[] old = noise(BLOCK);
        byte[] now = noise(BLOCK);
        write(pool, "former", old);
        settle(pool);
        long place = Damage.find(pool.drives.getFirst(), old);
        pool.run(done -> pool.pool().operations().remove("former", done));
        settle(pool);
        pool.create("now", false);
        for (int block = 0; !holds(pool.drives.getFirst(), place, now); block += 16) {
            // Each first write to a cluster takes the next one that is free.
            write(pool, "now", now, block * BLOCK);
        }
        settle(pool);
        cutAndMakeEqual(
                pool,
                () -> MemorySegment.copy(
                        MemorySegment.ofArray(old), 0, pool.drives.get(1).visible(), place, BLOCK));
        assertThat(holds(pool.drives.get(0), place, now)).isTrue();
        assertThat(holds(pool.drives.get(1), place, now)).isTrue();
    }

    private static boolean holds(PowerCutDrive drive, long at, byte[] block) {
        return MemorySegment.ofArray(block).mismatch(drive.visible().asSlice(at, BLOCK)) < 0;
    }

    private static void write(GuardedPool pool, String name, byte[] data) {
        write(pool, name, data, 0);
    }

    private static void write(GuardedPool pool, String name, byte[] data, int offset) {
        Volume volume = pool.guard(name);
        pool.fill(offset, data);
        assertThat(pool.io(volume, Io.WRITE, offset, data.length)).isEqualTo(IoStatus.OK);
    }

    /** A snapshot goes, and its blocks are put into the cluster that the volume has got since. */
    private void merge(GuardedPool pool) {
        pool.run(done -> pool.pool().operations().remove("v@s", done));
        pool.until(() -> pool.pool().idle());
    }

    private GuardedPool withSnapshot(int replicas) {
        GuardedPool pool = pool(replicas, true);
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.write(CLUSTER, noise(BLOCK));
        settle(pool);
        return pool;
    }

    @Test
    void aMergeCopiesTheReplicaThatIsRight() {
        for (int drive = 0; drive < 2; drive++) {
            GuardedPool pool = withSnapshot(2);
            long before = flip(pool, drive);
            merge(pool);
            for (PowerCutDrive each : pool.drives) {
                // The former place was repaired, and is free now.
                assertThat(Damage.findOther(each, pool.block(VICTIM), before)).isPositive();
            }
            pool.check();
        }
    }

    @Test
    void whatNoReplicaHasRightIsStillAnErrorAfterAMerge() {
        for (int replicas = 1; replicas <= 2; replicas++) {
            GuardedPool pool = withSnapshot(replicas);
            for (int drive = 0; drive < replicas; drive++) {
                flip(pool, drive);
            }
            merge(pool);
            assertThat(pool.readBlock(VICTIM / BLOCK)).isEqualTo(IoStatus.READ_ERROR);
            assertThat(pool.readBlock(VICTIM / BLOCK + 1)).isEqualTo(IoStatus.OK);
        }
    }
}

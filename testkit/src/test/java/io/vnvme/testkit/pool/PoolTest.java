package io.vnvme.testkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Drive;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolOperations;
import io.vnvme.pool.format.Layout;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Volumes, snapshots and clones of a pool against arrays of bytes, on drives that answer at once and on slow ones. */
class PoolTest {
    private static final long MIB = 1 << 20;
    private final SimClock clock = new SimClock();
    private List<? extends Drive> drives = List.of();

    @AfterEach
    void closeDrives() {
        drives.forEach(Drive::close);
    }

    private SimPool ram(long sizeBytes) {
        drives = List.of(RamDrive.create("r", sizeBytes));
        return new SimPool(clock, Layout.CONCAT, 64 << 10, drives);
    }

    private SimPool slow(long sizeBytes, long seed) {
        drives = List.of(
                new SimDrive("a", sizeBytes, 512, clock, Faults.delays(20_000), new SplittableRandom(seed)),
                new SimDrive("b", sizeBytes, 512, clock, Faults.delays(20_000), new SplittableRandom(seed + 1)));
        return new SimPool(clock, Layout.STRIPE, 64 << 10, drives);
    }

    @Test
    void whatIsWrittenIsReadAlsoAfterReopening() {
        SimPool pool = ram(16 * MIB);
        pool.create("v", 4 * MIB);
        byte[] data = bytes(1, 100_352);
        assertThat(pool.write("v", 512 * 7, data)).isEqualTo(IoStatus.OK);
        assertThat(pool.read("v", 512 * 7, data.length)).isEqualTo(data);
        assertThat(pool.read("v", 2 * MIB, 8192)).containsOnly(0);
        assertThat(pool.flush("v")).isEqualTo(IoStatus.OK);
        pool.crash();
        pool.open();
        assertThat(pool.read("v", 512 * 7, data.length)).isEqualTo(data);
        pool.close();
        pool.open();
        assertThat(pool.read("v", 512 * 7, data.length)).isEqualTo(data);
        assertThat(pool.read("v", 0, 512)).containsOnly(0);
    }

    @Test
    void namesAreCheckedAndNothingChanges() {
        SimPool pool = ram(16 * MIB);
        pool.create("v", 4 * MIB);
        assertThatThrownBy(() -> pool.create("v", 4 * MIB)).isInstanceOf(PoolException.class);
        assertThatThrownBy(() -> pool.create("w", 4095)).isInstanceOf(PoolException.class);
        assertThatThrownBy(() -> pool.create("a@b", MIB)).isInstanceOf(PoolException.class);
        assertThatThrownBy(() -> pool.run(done -> pool.pool().operations().remove("x", done)))
                .isInstanceOf(PoolException.class);
        assertThat(pool.pool().operations().list()).hasSize(1);
    }

    /** It may get another name while a change waits for its turn. */
    @Test
    void attributesOfAVolumeAreFoundByItsIdentity() {
        SimPool pool = slow(16 * MIB, 3);
        pool.create("v", 4 * MIB);
        PoolOperations operations = pool.pool().operations();
        UUID id = operations.volume("v").record().uuid();
        List<String> ended = new ArrayList<>();
        operations.rename("v", "w", failure -> ended.add("rename " + failure));
        operations.attributes("v", _ -> new byte[] {1}, failure -> ended.add("by name " + (failure != null)));
        pool.run(done -> operations.attributes(id, _ -> new byte[] {2}, done));
        assertThat(ended).containsExactly("rename null", "by name true");
        assertThat(operations.attributes("w")).containsExactly(2);
        // What was before a rollback is of the same identity, and is not meant.
        pool.run(done -> operations.snapshot("w", "s", new UUID(9, 9), 0, done));
        pool.run(done -> operations.rollback("w", "s", done));
        pool.run(done -> operations.attributes(id, _ -> new byte[] {3}, done));
        assertThat(operations.attributes("w")).containsExactly(3);
        assertThat(operations.attributes("w@s")).containsExactly(2);
        assertThatThrownBy(() -> pool.run(done -> operations.attributes(new UUID(8, 8), was -> was, done)))
                .isInstanceOf(PoolException.class);
    }

    @Test
    void aFullPoolHoldsWritesUntilThereIsSpace() {
        SimPool pool = ram(4 * MIB);
        pool.create("v", 16 * MIB);
        pool.run(done -> pool.pool().operations().holdWrites(1, done));
        byte[] data = bytes(1, 65_536);
        int written = 0;
        while (pool.write("v", written * 65_536L, data) == IoStatus.OK) {
            written++;
        }
        assertThat(written).isBetween(30, 60);
        assertThat(pool.write("v", 0, data)).as("an overwrite goes on").isEqualTo(IoStatus.OK);
        assertThat(pool.discard("v", 0, 10 * 65_536L)).isEqualTo(IoStatus.OK);
        pool.settle();
        for (int i = 0; i < 9; i++) {
            assertThat(pool.write("v", (written + i) * 65_536L, data)).isEqualTo(IoStatus.OK);
        }
        assertThat(pool.read("v", 0, 65_536)).containsOnly(0);
    }

    @Test
    void afterLossTheNextFlushFailsOnce() {
        SimPool pool = ram(16 * MIB);
        pool.create("v", 4 * MIB);
        assertThat(pool.volume("v").wasWritten()).isFalse();
        pool.write("v", 0, bytes(1, 4096));
        assertThat(pool.volume("v").wasWritten()).isTrue();
        pool.volume("v").writesLost();
        assertThat(pool.flush("v")).isEqualTo(IoStatus.WRITE_ERROR);
        assertThat(pool.flush("v")).isEqualTo(IoStatus.OK);
    }

    @Test
    void spaceComesBackWhenEverythingIsRemoved() {
        SimPool pool = ram(32 * MIB);
        long free = pool.pool().spaceNow().used();
        pool.create("v", 8 * MIB);
        pool.write("v", 0, bytes(1, 1 << 20));
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(5, 5), 0, done));
        pool.write("v", 4096, bytes(2, 4096));
        pool.run(done -> pool.pool().operations().clone("v@s", "c", new UUID(6, 6), 0, done));
        pool.write("c", 8192, bytes(3, 4096));
        pool.run(done -> pool.pool().operations().remove("v@s", done));
        pool.run(done -> pool.pool().operations().remove("v", done));
        pool.settle();
        assertThat(pool.read("c", 0, 4096)).isEqualTo(Arrays.copyOf(bytes(1, 1 << 20), 4096));
        pool.run(done -> pool.pool().operations().remove("c", done));
        pool.settle();
        pool.close();
        pool.open();
        assertThat(pool.pool().operations().list()).isEmpty();
        assertThat(pool.pool().spaceNow().used() - pool.pool().spaceNow().metadata())
                .isZero();
        assertThat(pool.pool().spaceNow().used()).isLessThanOrEqualTo(free + 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void randomWorkAgainstAModel(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        SimPool pool = seed % 2 == 0 ? ram(64 * MIB) : slow(32 * MIB, seed);
        Map<String, byte[]> model = new HashMap<>();
        Map<String, byte[]> snapshots = new HashMap<>();
        int size = (int) (2 * MIB);
        int names = 0;
        for (int i = 0; i < 1500; i++) {
            List<String> volumes = model.keySet().stream().sorted().toList();
            List<String> snaps = snapshots.keySet().stream().sorted().toList();
            int what = random.nextInt(100);
            if (volumes.isEmpty() || (what < 2 && volumes.size() < 6)) {
                String name = "v" + names++;
                pool.create(name, size);
                model.put(name, new byte[size]);
                continue;
            }
            String name = volumes.get(random.nextInt(volumes.size()));
            byte[] its = model.get(name);
            if (what < 50) {
                int offset = random.nextInt(size / 512 - 1) * 512;
                int length = Math.min(size - offset, (1 + random.nextInt(random.nextBoolean() ? 16 : 300)) * 512);
                byte[] data = bytes(random.nextLong(), length);
                assertThat(pool.write(name, offset, data)).isEqualTo(IoStatus.OK);
                System.arraycopy(data, 0, its, offset, length);
            } else if (what < 60) {
                int offset = random.nextInt(size / 512 - 1) * 512;
                int length = Math.min(size - offset, (1 + random.nextInt(400)) * 512);
                assertThat(pool.discard(name, offset, length)).isEqualTo(IoStatus.OK);
                Arrays.fill(its, offset, offset + length, (byte) 0);
            } else if (what < 80) {
                int offset = random.nextInt(size / 512 - 1) * 512;
                int length = Math.min(size - offset, (1 + random.nextInt(400)) * 512);
                assertThat(pool.read(name, offset, length))
                        .as("seed %d, turn %d, %s at %d", seed, i, name, offset)
                        .isEqualTo(Arrays.copyOfRange(its, offset, offset + length));
            } else if (what < 84 && snaps.size() < 8) {
                String snap = "s" + names++;
                UUID uuid = new UUID(seed, names);
                pool.run(done -> pool.pool().operations().snapshot(name, snap, uuid, 0, done));
                snapshots.put(name + "@" + snap, its.clone());
            } else if (what < 87 && !snaps.isEmpty() && volumes.size() < 8) {
                String from = snaps.get(random.nextInt(snaps.size()));
                String clone = "c" + names++;
                UUID uuid = new UUID(seed, names);
                pool.run(done -> pool.pool().operations().clone(from, clone, uuid, 0, done));
                model.put(clone, snapshots.get(from).clone());
            } else if (what < 90 && !snaps.isEmpty()) {
                String gone = snaps.get(random.nextInt(snaps.size()));
                pool.run(done -> pool.pool().operations().remove(gone, done));
                snapshots.remove(gone);
            } else if (what < 92 && volumes.size() > 2) {
                pool.run(done -> pool.pool().operations().remove(name, done));
                model.remove(name);
            } else if (what < 94) {
                String own = snaps.stream()
                        .filter(s -> s.startsWith(name + "@"))
                        .findFirst()
                        .orElse("");
                if (!own.isEmpty()) {
                    String snap = own.substring(own.indexOf('@') + 1);
                    pool.run(done -> pool.pool().operations().rollback(name, snap, done));
                    model.put(name, snapshots.get(own).clone());
                }
            } else if (what < 96) {
                assertThat(pool.flush(name)).isEqualTo(IoStatus.OK);
                pool.crash();
                pool.open();
            } else if (what < 97) {
                pool.close();
                pool.open();
            } else if (what < 98) {
                pool.settle();
            } else {
                pool.step();
            }
        }
        model.forEach(
                (name, its) -> assertThat(pool.read(name, 0, size)).as(name).isEqualTo(its));
        List.copyOf(snapshots.keySet()).forEach(snap -> {
            pool.run(done -> pool.pool().operations().clone(snap, "final", new UUID(7, 7), 0, done));
            assertThat(pool.read("final", 0, size)).as(snap).isEqualTo(snapshots.get(snap));
            pool.run(done -> pool.pool().operations().remove("final", done));
        });
    }

    private static byte[] bytes(long seed, int length) {
        byte[] data = new byte[length];
        new SplittableRandom(seed).nextBytes(data);
        return data;
    }
}

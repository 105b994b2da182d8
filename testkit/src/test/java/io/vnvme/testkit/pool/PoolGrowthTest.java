package io.vnvme.testkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Drive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolUsage;
import io.vnvme.pool.format.Layout;
import io.vnvme.reactor.WaitMeter;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Drives come into a pool and leave it while it is in use; space and differences are counted. */
class PoolGrowthTest {
    private static final long MIB = 1 << 20;
    private final SimClock clock = new SimClock();
    private final List<Drive> drives = new ArrayList<>();

    @AfterEach
    void closeDrives() {
        drives.forEach(Drive::close);
    }

    private Drive drive() {
        return drive(8 * MIB);
    }

    private Drive drive(long sizeBytes) {
        Drive drive = new SimDrive(
                "d" + drives.size(), sizeBytes, 512, clock, Faults.delays(20_000), new SplittableRandom(drives.size()));
        drives.add(drive);
        return drive;
    }

    private static byte[] bytes(long seed, int length) {
        byte[] data = new byte[length];
        new SplittableRandom(seed).nextBytes(data);
        return data;
    }

    @Test
    void aFullPoolGoesOnWhenItGrows() {
        SimPool pool = new SimPool(clock, Layout.CONCAT, 64 << 10, List.of(drive()));
        pool.create("v", 12 * MIB);
        pool.run(done -> pool.pool().operations().holdWrites(1, done));
        int written = 0;
        while (pool.write("v", written * 65_536L, bytes(written, 65_536)) == IoStatus.OK) {
            written++;
        }
        pool.grow(drive());
        assertThat(pool.write("v", written * 65_536L, bytes(written, 65_536))).isEqualTo(IoStatus.OK);
        pool.flush("v");
        pool.crash();
        pool.open();
        for (int i = 0; i <= written; i++) {
            assertThat(pool.read("v", i * 65_536L, 65_536)).isEqualTo(bytes(i, 65_536));
        }
    }

    /** Once each on the way up and on the way down, and not at every write around a mark. */
    @Test
    void fillingUpIsTold() {
        SimPool pool = new SimPool(clock, Layout.CONCAT, 64 << 10, List.of(drive(64 * MIB)));
        pool.create("v", 80 * MIB);
        int at = 0;
        for (List<Integer> marks : List.of(List.of(70), List.of(70, 85), List.of(70, 85, 95))) {
            while (pool.filled.size() < marks.size()) {
                assertThat(pool.write("v", at, bytes(1, 65_536))).isEqualTo(IoStatus.OK);
                at += 65_536;
                pool.step();
            }
            assertThat(pool.filled).containsExactlyElementsOf(marks);
        }
        pool.discard("v", at - 65_536, 65_536);
        pool.settle();
        assertThat(pool.filled).as("a little below a mark").containsExactly(70, 85, 95);
        pool.discard("v", 0, at);
        pool.settle();
        assertThat(pool.filled).containsExactly(70, 85, 95, -95, -85, -70);
    }

    /** The very writes that wait go on: by space that is freed, by a drive that comes; the time to wait counts for them too. */
    @Test
    void heldWritesGoOnOrEnd() {
        SimPool pool = new SimPool(clock, Layout.CONCAT, 64 << 10, List.of(drive()));
        pool.create("v", 24 * MIB);
        byte[] data = bytes(1, 65_536);
        int at = 0;
        HeldWrite write = new HeldWrite(pool, data);
        while (write.ended(at)) {
            at++;
        }
        assertThat(pool.read("v", 0, 65_536)).as("reads go on").isEqualTo(data);
        assertThat(pool.write("v", 0, data)).as("overwrites go on").isEqualTo(IoStatus.OK);
        clock.advance(29L * 60 * 1_000_000_000);
        pool.step();
        assertThat(write.status()).as("after 29 minutes").isEqualTo(IoStatus.PENDING);
        pool.discard("v", 0, 65_536);
        clock.advance(2_000_000_000); // by then it is durable, though nobody asked
        pool.step();
        pool.settle();
        assertThat(write.status()).as("space was freed").isEqualTo(IoStatus.OK);
        WaitMeter waits = pool.volume("v").space();
        assertThat(waits.count()).isEqualTo(1);
        assertThat(waits.ns(clock.nowNs()))
                .as("counted until the space came")
                .isBetween(29L * 60 * 1_000_000_000, 30L * 60 * 1_000_000_000);

        assertThat(write.ended(at + 1)).isFalse();
        pool.grow(drive());
        pool.settle();
        assertThat(write.status()).as("a drive came").isEqualTo(IoStatus.OK);
        for (at += 2; write.ended(at); at++) {
            // Until it is full once more.
        }
        pool.run(done -> pool.pool().operations().holdWrites(Long.MAX_VALUE, done));
        clock.advance(Long.MAX_VALUE / 4);
        pool.step();
        assertThat(write.status()).as("forever").isEqualTo(IoStatus.PENDING);
        pool.run(done -> pool.pool().operations().holdWrites(0, done));
        pool.step();
        assertThat(write.status()).isEqualTo(IoStatus.NO_SPACE);
        pool.crash();
        pool.open();
        assertThat(pool.pool().holdMillis()).as("kept over a crash").isZero();
    }

    @Test
    void theFirstDriveLeavesWithTheJournalAndGuestsWriteOn() {
        SimPool pool = new SimPool(clock, Layout.STRIPE, 64 << 10, List.of(drive(), drive()));
        pool.create("v", 4 * MIB);
        byte[] data = bytes(1, (int) (2 * MIB));
        pool.write("v", 0, data);
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.write("v", 8192, bytes(2, 4096));
        System.arraycopy(bytes(2, 4096), 0, data, 8192, 4096);
        List<Long> moved = new ArrayList<>();
        boolean[] ended = {false};
        pool.pool().shrink(0, (clusters, _) -> moved.add(clusters), failure -> {
            assertThat(failure).isNull();
            ended[0] = true;
        });
        for (int i = 0; !ended[0] && i < 500; i++) {
            byte[] block = bytes(100 + i, 4096);
            int at = (i * 7 % 500) * 4096;
            assertThat(pool.write("v", at, block)).isEqualTo(IoStatus.OK);
            System.arraycopy(block, 0, data, at, 4096);
            pool.step();
        }
        while (!ended[0]) {
            pool.step();
        }
        assertThat(moved).isNotEmpty();
        assertThat(pool.pool().config().members()).hasSize(1);
        assertThat(pool.read("v", 0, data.length)).isEqualTo(data);
        pool.flush("v");
        pool.crash();
        pool.open();
        assertThat(pool.read("v", 0, data.length)).isEqualTo(data);
        pool.write("v", 0, bytes(9, 4096));
        pool.close();
        pool.open();
        assertThat(pool.read("v", 0, 4096)).isEqualTo(bytes(9, 4096));
    }

    @Test
    void aDriveWithMoreThanFitsElsewhereStays() {
        SimPool pool = new SimPool(clock, Layout.STRIPE, 64 << 10, List.of(drive(), drive()));
        pool.create("v", 12 * MIB);
        byte[] data = bytes(1, (int) (10 * MIB));
        pool.write("v", 0, data);
        assertThatThrownBy(() -> pool.run(done -> pool.pool().shrink(1, (_, _) -> {}, done)))
                .isInstanceOf(PoolException.class)
                .hasMessageContaining("free");
        assertThat(pool.read("v", 0, data.length)).isEqualTo(data);
    }

    @Test
    void spaceIsCountedAndDifferencesAreFound() {
        SimPool pool = new SimPool(clock, Layout.CONCAT, 64 << 10, List.of(drive()));
        pool.create("v", 4 * MIB);
        pool.write("v", 0, bytes(1, 4 * 65_536));
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.write("v", 65_536, bytes(2, 65_536));
        pool.write("v", 3 * 65_536 + 4096, bytes(3, 8192));
        pool.run(done -> pool.pool().operations().snapshot("v", "t", new UUID(1, 2), 0, done));
        assertThat(usage(pool, "v")).isEqualTo(new PoolUsage(5 * 65_536, 0));
        assertThat(usage(pool, "v@t")).isEqualTo(new PoolUsage(5 * 65_536, 0));
        // One cluster is written over whole, and one in part: merging those gives one back each.
        assertThat(usage(pool, "v@s")).isEqualTo(new PoolUsage(4 * 65_536, 2 * 65_536));
        List<String> ranges = new ArrayList<>();
        pool.run(done ->
                pool.pool().operations().diff("v@s", "v", (offset, length) -> ranges.add(offset + "+" + length), done));
        assertThat(ranges).containsExactly("65536+65536", "200704+8192");
        ranges.clear();
        pool.run(done ->
                pool.pool().operations().data("v", (offset, length) -> ranges.add(offset + "+" + length), done));
        assertThat(ranges).containsExactly("0+262144");
        long used = pool.pool().spaceNow().used();
        pool.run(done -> pool.pool().operations().remove("v@s", done));
        pool.settle();
        long metadata = pool.pool().spaceNow().metadata();
        pool.flush("v");
        pool.settle();
        assertThat(used - pool.pool().spaceNow().used())
                .isEqualTo(2 - (pool.pool().spaceNow().metadata() - metadata));
    }

    private static PoolUsage usage(SimPool pool, String name) {
        List<PoolUsage> found = new ArrayList<>();
        pool.run(done -> pool.pool().operations().usage(name, found::add, done));
        return found.getFirst();
    }
}

package io.vnvme.testkit.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.pool.PoolCheck;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.Scrub;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.Layout;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is damaged is found: by a check of a pool that is not in use, and by a scrub of one that is. */
class PoolCheckTest {
    private static final long MIB = 1 << 20;
    private final SimClock clock = new SimClock();
    private final SimDrive drive = new SimDrive("d", 16 * MIB, 512, clock, Faults.NONE, new SplittableRandom(1));

    @AfterEach
    void closeDrive() {
        drive.close();
    }

    private SimPool pool() {
        SimPool pool = new SimPool(clock, Layout.CONCAT, 64 << 10, List.of(drive));
        pool.create("v", 4 * MIB);
        byte[] data = new byte[(int) MIB];
        new SplittableRandom(2).nextBytes(data);
        pool.write("v", 0, data);
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.write("v", 4096, new byte[4096]);
        return pool;
    }

    @Test
    void aSoundPoolIsSound() {
        SimPool pool = pool();
        pool.flush("v");
        pool.crash();
        PoolCheck cutOff = PoolCheck.run(pool.scan());
        assertThat(cutOff.problems()).isEmpty();
        assertThat(cutOff.remarks()).anyMatch(remark -> remark.contains("journal"));
        pool.open();
        pool.close();
        PoolCheck closed = PoolCheck.run(pool.scan());
        assertThat(closed.sound()).isTrue();
        assertThat(closed.remarks()).isEmpty();
        assertThat(closed.volumes()).isEqualTo(2);
        assertThat(closed.usedBytes()).isBetween(17 * 65_536L, 25 * 65_536L);
    }

    @Test
    void aDamagedPageIsFoundAndThePoolRefused() {
        SimPool pool = pool();
        pool.close();
        long data = Geometry.dataOffset(Geometry.clusterCount(drive.sizeBytes(), 64 << 10), 64 << 10);
        long used = PoolCheck.run(pool.scan()).usedBytes();
        // Everything but the catalog, which has a checksum of its own, is damaged in turn: the data is not noticed.
        List<String> problems = new ArrayList<>();
        for (long at = data; at < data + used + 2 * MIB; at += 4096) {
            byte before = drive.memory().get(ValueLayout.JAVA_BYTE, at + 8);
            drive.memory().set(ValueLayout.JAVA_BYTE, at + 8, (byte) (before ^ 4));
            PoolCheck check = PoolCheck.run(pool.scan());
            if (!check.sound()) {
                problems.addAll(check.problems());
                assertThatThrownBy(pool::open).isInstanceOf(PoolException.class);
            }
            drive.memory().set(ValueLayout.JAVA_BYTE, at + 8, before);
        }
        assertThat(problems).anyMatch(problem -> problem.contains("page of the map of layer"));
        assertThat(problems).anyMatch(problem -> problem.contains("directory page of layer"));
        assertThat(problems).anyMatch(problem -> problem.contains("catalog is damaged"));
        pool.open();
        pool.close();
    }

    @Test
    void oneDamagedSuperblockIsRemarkedAndDoesNoHarm() {
        SimPool pool = pool();
        pool.close();
        drive.memory().set(ValueLayout.JAVA_BYTE, 100, (byte) 1);
        PoolCheck check = PoolCheck.run(pool.scan());
        assertThat(check.sound()).isTrue();
        assertThat(check.remarks()).anyMatch(remark -> remark.contains("superblock is damaged"));
        pool.open();
        pool.close();
        assertThat(PoolCheck.run(pool.scan()).remarks()).isEmpty();
    }

    @Test
    void aScrubReadsEverythingAndCountsWhatCannotBeRead() {
        SimPool pool = pool();
        List<Scrub.Report> reports = new ArrayList<>();
        pool.pool().scrub((_, _) -> {}, (report, complete) -> {
            assertThat(complete).isTrue();
            reports.add(report);
        });
        while (reports.isEmpty()) {
            pool.step();
        }
        assertThat(reports.getFirst().errors()).isZero();
        assertThat(reports.getFirst().clustersRead()).isEqualTo(17);
        drive.faults(new Faults(0, 0, 1));
        pool.pool().scrub((_, _) -> {}, (report, _) -> reports.add(report));
        while (reports.size() < 2) {
            pool.step();
        }
        assertThat(reports.get(1).errors()).isGreaterThanOrEqualTo(17);
        assertThat(reports.get(1).findings()).anyMatch(finding -> finding.startsWith("v@s cannot be read at byte 0"));
    }
}

package io.vnvme.testkit.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.Scrub;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Superblock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A scrub finds what any drive has wrong, and repairs what another one has right. */
final class ScrubTest {
    private static final int BLOCK = 4096;
    private static final int CLUSTER = 16 * BLOCK;
    /** Where on the volume the block is that is damaged. */
    private static final int VICTIM = 2 * CLUSTER + 3 * BLOCK;

    private static final int WRITERS = 8;

    private final Arena arena = Arena.ofAuto();
    private final SplittableRandom random = new SplittableRandom(5);

    /** A volume whose blocks are noise, each another one; what was written is on the drives, the checksums too. */
    private GuardedPool pool(int replicas, boolean checksums) {
        GuardedPool pool = new GuardedPool(random, arena, replicas, checksums, false);
        byte[] noise = new byte[4 * CLUSTER];
        random.nextBytes(noise);
        pool.write(0, noise);
        pool.flush();
        pool.rest();
        return pool;
    }

    private static Scrub.Report scrub(GuardedPool pool) {
        List<Scrub.Report> reports = new ArrayList<>();
        pool.pool().scrub((_, _) -> {}, (report, complete) -> {
            assertThat(complete).isTrue();
            reports.add(report);
        });
        pool.until(() -> !reports.isEmpty());
        return reports.getFirst();
    }

    private static long victim(GuardedPool pool, int drive) {
        return Damage.find(pool.drives.get(drive), pool.block(VICTIM));
    }

    private static void flip(GuardedPool pool, int drive, long at) {
        Damage.flip(pool.drives.get(drive), at);
    }

    private static void assertClean(GuardedPool pool) {
        Scrub.Report report = scrub(pool);
        assertThat(report.findings()).isEmpty();
        assertThat(report.errors()).isZero();
        assertThat(report.repaired()).isZero();
        pool.check();
    }

    private static void assertEqual(GuardedPool pool, long at) {
        assertThat(Damage.equal(pool.drives, at)).isTrue();
    }

    @Test
    void aFlippedBitOnASingleDriveIsFound() {
        GuardedPool pool = pool(1, true);
        assertClean(pool);
        flip(pool, 0, victim(pool, 0));
        Scrub.Report report = scrub(pool);
        assertThat(report.findings()).containsExactly("v is not what its checksum says at byte " + VICTIM);
        assertThat(report.errors()).isEqualTo(1);
        assertThat(report.repaired()).isZero();
        assertThat(pool.readBlock(VICTIM / BLOCK)).isEqualTo(IoStatus.READ_ERROR);
        pool.write(VICTIM, new byte[BLOCK]);
        assertClean(pool);
    }

    @Test
    void theNameIsThatOfTheLayer() {
        GuardedPool pool = pool(1, true);
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        flip(pool, 0, victim(pool, 0));
        assertThat(scrub(pool).findings()).containsExactly("v@s is not what its checksum says at byte " + VICTIM);
    }

    @Test
    void aSectorThatASingleDriveCannotReadIsFound() {
        for (boolean checksums : new boolean[] {true, false}) {
            GuardedPool pool = pool(1, checksums);
            pool.drives.getFirst().latentError(victim(pool, 0), 512);
            Scrub.Report report = scrub(pool);
            assertThat(report.findings()).containsExactly("v cannot be read at byte " + VICTIM);
            assertThat(report.repaired()).isZero();
        }
    }

    @Test
    void whatOneReplicaHasWrongIsRepaired() {
        for (int drive = 0; drive < 2; drive++) {
            GuardedPool pool = pool(2, true);
            long at = victim(pool, drive);
            flip(pool, drive, at);
            Scrub.Report report = scrub(pool);
            assertThat(report.findings()).isEmpty();
            assertThat(report.repaired()).isEqualTo(1);
            assertEqual(pool, at);
            assertClean(pool);
        }
    }

    @Test
    void whatOneReplicaCannotReadIsRepaired() {
        for (int drive = 0; drive < 2; drive++) {
            for (boolean checksums : new boolean[] {true, false}) {
                GuardedPool pool = pool(2, checksums);
                pool.drives.get(drive).latentError(victim(pool, drive), 512);
                Scrub.Report report = scrub(pool);
                assertThat(report.findings()).isEmpty();
                assertThat(report.repaired()).isEqualTo(1);
                assertThat(pool.drives.get(drive).latent()).isFalse();
                assertClean(pool);
            }
        }
    }

    /** Each has another sector that cannot be read, of the same cluster. */
    @Test
    void whatBothReplicasLackInDifferentBlocksIsRepaired() {
        GuardedPool pool = pool(2, false);
        long at = victim(pool, 0);
        pool.drives.get(0).latentError(at, BLOCK);
        pool.drives.get(1).latentError(at + BLOCK, BLOCK);
        Scrub.Report report = scrub(pool);
        assertThat(report.findings()).isEmpty();
        assertThat(report.repaired()).isEqualTo(2);
        assertClean(pool);
    }

    @Test
    void whatNoReplicaHasRightIsFoundAndStays() {
        GuardedPool pool = pool(2, true);
        long at = victim(pool, 0);
        flip(pool, 0, at);
        flip(pool, 1, at + 1);
        for (int i = 0; i < 2; i++) {
            Scrub.Report report = scrub(pool);
            assertThat(report.findings()).containsExactly("v is not what its checksum says at byte " + VICTIM);
            assertThat(report.repaired()).isZero();
        }
        assertThat(pool.readBlock(VICTIM / BLOCK)).isEqualTo(IoStatus.READ_ERROR);
    }

    @Test
    void withoutChecksumsMostReplicasAreRight() {
        GuardedPool pool = pool(3, false);
        long at = victim(pool, 0);
        flip(pool, 0, at);
        Scrub.Report report = scrub(pool);
        assertThat(report.findings()).isEmpty();
        assertThat(report.repaired()).isEqualTo(1);
        assertEqual(pool, at);
        assertClean(pool);
    }

    @Test
    void withoutChecksumsTwoReplicasThatDifferAreFound() {
        GuardedPool pool = pool(2, false);
        long at = victim(pool, 0);
        flip(pool, 1, at);
        Scrub.Report report = scrub(pool);
        assertThat(report.findings())
                .containsExactly("the drives of a mirror differed in v at byte %d: all have now what the first one had"
                        .formatted(VICTIM));
        assertEqual(pool, at);
        assertClean(pool);
    }

    /** A drive that takes another's place has old data where a cluster in use was not written. */
    @Test
    void whatNobodyHasWrittenMayDiffer() {
        GuardedPool pool = pool(2, false);
        pool.write(8 * CLUSTER, Arrays.copyOf(new byte[] {1, 2, 3}, BLOCK));
        pool.flush();
        pool.rest();
        long at = Damage.find(pool.drives.get(0), Arrays.copyOf(new byte[] {1, 2, 3}, BLOCK));
        flip(pool, 1, at + BLOCK);
        assertClean(pool);
    }

    @Test
    void aMapPageThatOneReplicaHasWrongIsRepaired() {
        for (int drive = 0; drive < 2; drive++) {
            GuardedPool pool = pool(2, false);
            pool.restart();
            long at = mapPage(pool);
            flip(pool, drive, at);
            Scrub.Report report = scrub(pool);
            assertThat(report.findings()).isEmpty();
            assertThat(report.repaired()).isEqualTo(1);
            assertEqual(pool, at);
            assertClean(pool);
            pool.restart();
            pool.check();
        }
    }

    @Test
    void aMapPageThatNoReplicaHasRightIsWrittenAnew() {
        GuardedPool pool = pool(2, false);
        pool.restart();
        long at = mapPage(pool);
        flip(pool, 0, at);
        flip(pool, 1, at);
        Scrub.Report report = scrub(pool);
        assertThat(report.findings())
                .containsExactly("a page of the map of v is damaged on the drives: it is written anew");
        pool.restart();
        assertClean(pool);
    }

    @Test
    void aDirectoryPageIsRepairedOrWrittenAnew() {
        for (int damaged = 1; damaged <= 2; damaged++) {
            GuardedPool pool = pool(2, false);
            pool.restart();
            for (int drive = 0; drive < damaged; drive++) {
                flipDirectory(pool, drive);
            }
            Scrub.Report report = scrub(pool);
            assertThat(report.repaired()).isEqualTo(damaged == 1 ? 1 : 0);
            assertThat(report.findings())
                    .isEqualTo(
                            damaged == 1
                                    ? List.of()
                                    : List.of(
                                            "a page of the directory of v is damaged on the drives: it is written anew"));
            pool.cutPower();
            assertClean(pool);
        }
    }

    /** Wherever it is cut short, the one that goes on after a restart looks at the rest and at nothing twice. */
    @Test
    void goesOnFromAMark() {
        GuardedPool pool = pool(1, true);
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.write(9 * CLUSTER, new byte[5 * CLUSTER]);
        pool.flush();
        pool.restart();
        flip(pool, 0, victim(pool, 0));
        Scrub.Report whole = scrub(pool);
        assertThat(whole.errors()).isEqualTo(1);
        boolean marked = true;
        int marks = 0;
        while (marked) {
            Optional<Scrub.Mark> mark = cutShort(pool, ++marks);
            marked = mark.isPresent();
            pool.restart();
            List<Scrub.Report> reports = new ArrayList<>();
            pool.pool().scrub(mark, (_, _) -> {}, (report, _) -> reports.add(report));
            pool.until(() -> !reports.isEmpty());
            assertThat(reports).containsExactly(whole);
        }
        assertThat(marks).isGreaterThan(3);
    }

    /** @return the mark of that number, at which it ended; none: it had fewer */
    private static Optional<Scrub.Mark> cutShort(GuardedPool pool, int number) {
        List<Scrub.Mark> marks = new ArrayList<>();
        List<Boolean> ends = new ArrayList<>();
        Scrub scrub = pool.pool().scrub((_, _) -> {}, (_, complete) -> ends.add(complete));
        scrub.mark(new Consumer<>() {
            @Override
            public void accept(Scrub.Mark mark) {
                marks.add(mark);
                if (marks.size() < number) {
                    scrub.mark(this);
                } else {
                    scrub.cancel();
                }
            }
        });
        pool.until(() -> !ends.isEmpty());
        return ends.getFirst() ? Optional.empty() : Optional.of(marks.getLast());
    }

    /** One that goes on from there does not look at it again. */
    @Test
    void beforeAMarkAPageIsWrittenAnew() {
        GuardedPool pool = pool(1, false);
        pool.restart();
        flip(pool, 0, mapPage(pool));
        long before = generation(pool);
        List<Long> atMarks = new ArrayList<>();
        List<Scrub.Report> ends = new ArrayList<>();
        Scrub scrub = pool.pool().scrub((_, _) -> {}, (report, _) -> ends.add(report));
        scrub.mark(new Consumer<>() {
            @Override
            public void accept(Scrub.Mark mark) {
                if (!mark.report().findings().isEmpty()) {
                    atMarks.add(generation(pool));
                }
                scrub.mark(this);
            }
        });
        pool.until(() -> !ends.isEmpty());
        assertThat(ends.getFirst().findings()).hasSize(1);
        assertThat(atMarks).isNotEmpty();
        assertThat(atMarks.getFirst()).as("a checkpoint came before the mark").isGreaterThan(before);
        assertClean(pool);
    }

    private static long generation(GuardedPool pool) {
        return Superblock.decode(pool.drives.getFirst().visible().asSlice(0, Superblock.SIZE))
                .generation();
    }

    /** What was removed meanwhile is not looked for. */
    @Test
    void goesOnWithoutTheLayerItWasAt() {
        GuardedPool pool = pool(1, true);
        Scrub.Report before = new Scrub.Report(7, 5, 3, 0, List.of());
        List<Scrub.Report> reports = new ArrayList<>();
        Scrub.Mark mark = new Scrub.Mark(Integer.MAX_VALUE, 1, 1, 1, before);
        pool.pool().scrub(Optional.of(mark), (_, _) -> {}, (report, _) -> reports.add(report));
        pool.until(() -> !reports.isEmpty());
        assertThat(reports).containsExactly(before);
    }

    /** What was to be written anew at the end was not. */
    @Test
    void aScrubWhoseCheckpointFailsIsNotComplete() {
        GuardedPool pool = pool(1, false);
        pool.drives.getFirst().gone(true);
        List<Boolean> ends = new ArrayList<>();
        pool.pool().scrub((_, _) -> {}, (_, complete) -> ends.add(complete));
        pool.until(() -> !ends.isEmpty());
        assertThat(ends).containsExactly(false);
    }

    /** What refers to the page of the map; older ones that nobody needs do, too. */
    private static void flipDirectory(GuardedPool pool, int drive) {
        MemorySegment memory = pool.drives.get(drive).visible();
        int checksum = Checksum.of(memory, mapPage(pool), BLOCK);
        int found = 0;
        for (long at = 0; at + BLOCK <= memory.byteSize(); at += BLOCK) {
            if (memory.get(ValueLayout.JAVA_INT, at + 8) == checksum
                    && memory.get(ValueLayout.JAVA_INT, at + 12) == 0) {
                flip(pool, drive, at);
                found++;
            }
        }
        assertThat(found).isPositive();
    }

    @Test
    void aCatalogThatNobodyHasRightIsWrittenAnew() {
        GuardedPool pool = pool(1, false);
        pool.restart();
        MemorySegment memory = pool.drives.getFirst().visible();
        int found = 0;
        for (long at = 0; at + BLOCK <= memory.byteSize(); at += BLOCK) {
            if (memory.get(ValueLayout.JAVA_INT, at) == 0x6356_4e76) {
                flip(pool, 0, at);
                found++;
            }
        }
        assertThat(found).isPositive();
        assertThat(scrub(pool).errors()).isZero();
        pool.cutPower();
        assertClean(pool);
    }

    /** The page whose first entries are those of the volume's first clusters, all written: 16 bits of one, none of zeros. */
    private static long mapPage(GuardedPool pool) {
        MemorySegment memory = pool.drives.getFirst().visible();
        long found = -1;
        for (long at = 0; at + BLOCK <= memory.byteSize(); at += BLOCK) {
            boolean map = true;
            for (int i = 0; i < 4; i++) {
                long entry = memory.get(ValueLayout.JAVA_LONG, at + 8L * i);
                map &= entry >>> 32 == 0xffff_0000L && (int) entry > 0;
            }
            found = map ? at : found;
        }
        assertThat(found).isPositive();
        return found;
    }

    @Test
    void underWritesAHealthyPoolIsSound() {
        for (int round = 0; round < 6; round++) {
            GuardedPool pool = pool(1 + round % 3, round < 3);
            List<Scrub.Report> reports = new ArrayList<>();
            BitSet underWay = new BitSet();
            for (int scrubs = 1; scrubs <= 20; scrubs++) {
                pool.pool().scrub((_, _) -> {}, (report, _) -> reports.add(report));
                while (reports.size() < scrubs) {
                    for (int i = underWay.nextClearBit(0); i < WRITERS; i = underWay.nextClearBit(i)) {
                        overwrite(pool, underWay, i);
                    }
                    pool.step();
                }
            }
            assertThat(reports).allMatch(report -> report.errors() == 0 && report.repaired() == 0);
            pool.until(underWay::isEmpty);
            assertThat(scrub(pool).errors()).isZero();
        }
    }

    /**
     * A write that nobody waits for; what it leaves is not what the model says. What two writes leave that are under way at
     * once to the same blocks is for no drive to say, but it is the same on all drives of a mirror.
     */
    private void overwrite(GuardedPool pool, BitSet underWay, int writer) {
        int length = 512 * (1 + random.nextInt(60));
        int offset = random.nextInt((GuardedPool.VOLUME - length) / 512) * 512;
        byte[] data = new byte[length];
        random.nextBytes(data);
        underWay.set(writer);
        Io io = new Io((_, status) -> {
            assertThat(status).isEqualTo(IoStatus.OK);
            underWay.clear(writer);
        });
        int operation = random.nextInt(5) == 0 ? Io.DEALLOCATE : Io.WRITE;
        io.prepare(operation, offset, length, false);
        io.data().add(arena.allocateFrom(ValueLayout.JAVA_BYTE, data), 0, length);
        int status = pool.guard("v").submit(io);
        if (status != IoStatus.PENDING) {
            io.complete(status);
        }
    }
}

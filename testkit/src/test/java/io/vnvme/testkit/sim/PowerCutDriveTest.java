package io.vnvme.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PowerCutDriveTest {
    private static final int SECTOR = PowerCutDrive.SECTOR;
    private static final int SIZE = 1 << 20;

    private final Arena arena = Arena.ofConfined();
    private final SimHost host = new SimHost();
    private final SplittableRandom random = new SplittableRandom(1);
    private final PowerCutDrive drive = drive(512);
    private final CutImage image = new CutImage(drive, arena);
    private int status;

    @AfterEach
    void free() {
        arena.close();
    }

    private PowerCutDrive drive(int blockSizeBytes) {
        PowerCutDrive made =
                new PowerCutDrive("d0", SIZE, blockSizeBytes, host.clock(), Faults.NONE, random.split(), arena);
        host.add(made);
        return made;
    }

    private Io write(long sector, int sectors, int value, boolean forceUnitAccess) {
        MemorySegment data = arena.allocate((long) sectors * SECTOR).fill((byte) value);
        Io io = new Io((_, ended) -> status = ended);
        io.data().add(data, 0, data.byteSize());
        io.prepare(Io.WRITE, sector * SECTOR, data.byteSize(), forceUnitAccess);
        return io;
    }

    private Io simple(int operation, long sector, int sectors) {
        Io io = new Io((_, ended) -> status = ended);
        io.prepare(operation, sector * SECTOR, (long) sectors * SECTOR, false);
        return io;
    }

    private void run(Io io) {
        status = IoStatus.PENDING;
        if (drive.submit(io) == IoStatus.PENDING) {
            while (status == IoStatus.PENDING) {
                host.step();
            }
        }
        assertThat(status).isEqualTo(IoStatus.OK);
    }

    /** What the image holds: the first byte of each sector. */
    private String found(int first, int count) {
        MemorySegment data = arena.allocate((long) count * SECTOR);
        Io io = simple(Io.READ, first, count);
        io.data().add(data, 0, data.byteSize());
        assertThat(image.submit(io)).isEqualTo(IoStatus.OK);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            assertThat(data.get(ValueLayout.JAVA_BYTE, i * 512L))
                    .isEqualTo(data.get(ValueLayout.JAVA_BYTE, i * 512L + 511));
            text.append(data.get(ValueLayout.JAVA_BYTE, i * 512L));
        }
        return text.toString();
    }

    @Test
    void flushedDataSurvivesEveryCut() {
        run(write(10, 4, 1, false));
        run(simple(Io.FLUSH, 0, 0));
        run(write(11, 2, 2, false));
        for (int i = 0; i < Survival.COUNT; i++) {
            image.take(Survival.of(i), random);
            assertThat(found(9, 6)).matches("01[12][12]10");
        }
        image.take(Survival.NONE, random);
        assertThat(found(9, 6)).isEqualTo("011110");
        image.take(Survival.ALL, random);
        assertThat(found(9, 6)).isEqualTo("012210");
    }

    @Test
    void aFlushCoversOnlyWhatEndedBeforeItBegan() {
        Io late = write(5, 1, 3, false);
        assertThat(drive.submit(late)).isEqualTo(IoStatus.PENDING);
        drive.faults(Faults.NONE);
        Io flush = simple(Io.FLUSH, 0, 0);
        assertThat(drive.submit(flush)).isEqualTo(IoStatus.PENDING);
        while (drive.pendingCount() > 0) {
            host.step();
        }
        image.take(Survival.NONE, random);
        assertThat(found(5, 1)).isEqualTo("0");
    }

    @Test
    void forcedWritesSurviveAndOlderOnesDoNotComeBackOverThem() {
        run(write(20, 2, 1, false));
        run(write(20, 1, 2, true));
        for (int i = 0; i < Survival.COUNT; i++) {
            image.take(Survival.of(i), random);
            assertThat(found(20, 2)).matches("2[01]");
        }
    }

    @Test
    void writesUnderWayAreTornAtSectorsOf512() {
        drive.submit(write(0, 4, 1, false));
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            image.take(Survival.TORN, random);
            seen.add(found(0, 4));
        }
        assertThat(seen).hasSize(16);
    }

    @Test
    void blocksOf4096AreNotTorn() {
        PowerCutDrive large = drive(4096);
        CutImage of = new CutImage(large, arena);
        large.submit(write(0, 16, 1, false));
        for (int i = 0; i < 100; i++) {
            of.take(Survival.TORN, random);
            MemorySegment data = arena.allocate(8192);
            Io io = simple(Io.READ, 0, 16);
            io.data().add(data, 0, 8192);
            of.submit(io);
            for (int half = 0; half < 2; half++) {
                MemorySegment block = data.asSlice(half * 4096L, 4096);
                MemorySegment whole = arena.allocate(4096).fill(block.get(ValueLayout.JAVA_BYTE, 0));
                assertThat(block.mismatch(whole)).isEqualTo(-1);
            }
        }
    }

    @Test
    void everyCombinationByMask() {
        run(write(0, 1, 1, false));
        run(write(1, 1, 2, false));
        drive.submit(simple(Io.DEALLOCATE, 0, 1));
        assertThat(image.uncertain()).isEqualTo(3);
        image.take(0b011);
        assertThat(found(0, 2)).isEqualTo("12");
        image.take(0b110);
        assertThat(found(0, 2)).isEqualTo("02");
        image.take(0b101);
        assertThat(found(0, 2)).isEqualTo("00");
    }

    @Test
    void anImageIsWrittenWithoutTouchingTheDrive() {
        run(write(0, 2, 1, true));
        image.take(Survival.NONE, random);
        Io io = write(1, 1, 7, false);
        assertThat(image.submit(io)).isEqualTo(IoStatus.OK);
        assertThat(found(0, 3)).isEqualTo("170");
        image.take(Survival.NONE, random);
        assertThat(found(0, 3)).isEqualTo("110");
    }

    @Test
    void afterARestartTheImageIsAllThereIs() {
        run(write(0, 1, 1, false));
        run(write(1, 1, 2, false));
        drive.submit(write(2, 1, 3, false));
        image.take(0b110);
        drive.restart(image);
        assertThat(drive.pendingCount()).isZero();
        image.take(Survival.NONE, random);
        assertThat(found(0, 3)).isEqualTo("023");
    }

    @Test
    void faults() {
        run(write(0, 4, 1, true));
        drive.loseWrites(1);
        run(write(0, 1, 2, true));
        drive.misdirectWrite(2 * SECTOR);
        run(write(1, 1, 3, true));
        image.take(Survival.ALL, random);
        assertThat(found(0, 4)).isEqualTo("1131");
        drive.latentError(0, SECTOR);
        assertThat(image.submit(simple(Io.READ, 0, 1))).isEqualTo(IoStatus.READ_ERROR);
        run(write(0, 1, 4, true));
        image.take(Survival.ALL, random);
        assertThat(found(0, 4)).isEqualTo("4131");
        drive.gone(true);
        drive.submit(write(0, 1, 5, true));
        host.step();
        assertThat(status).isEqualTo(IoStatus.GONE);
    }

    @Test
    void memoryThatChangesUnderAWriteIsAFault() {
        Io io = write(0, 1, 1, false);
        drive.submit(io);
        io.data().memory(0).fill((byte) 2);
        assertThatThrownBy(host::step).isInstanceOf(AssertionError.class).hasMessageContaining("memory changed");
    }
}

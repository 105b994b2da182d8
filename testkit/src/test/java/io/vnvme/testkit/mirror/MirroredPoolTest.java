package io.vnvme.testkit.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.Done;
import io.vnvme.pool.MirrorReplacement;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolDrives;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.VolumeSpec;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.mirror.MirrorListener;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.pool.mirror.ReplicaState;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.Survival;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A pool on two drives with the same content: found, used without one, made whole. */
final class MirroredPoolTest {
    private static final UUID POOL = new UUID(7, 7);
    private static final long DRIVE = 16 << 20;
    private static final long VOLUME = 4 << 20;

    private final SimClock clock = new SimClock();
    private final SplittableRandom random = new SplittableRandom(42);
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment buffer = arena.allocate(VOLUME, 4096);
    private final List<PowerCutDrive> drives = new ArrayList<>();
    private final byte[] model = new byte[(int) VOLUME];
    private Pool pool;
    private MirrorSet mirror;

    MirroredPoolTest() {
        List<PoolFormatter.Labelled> labelled = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            PowerCutDrive drive =
                    new PowerCutDrive("d" + i, DRIVE, 512, clock, Faults.delays(20_000), random.split(), arena);
            drives.add(drive);
            labelled.add(new PoolFormatter.Labelled(blocking(drive), id(i), "d" + i));
        }
        PoolFormatter.create("p", POOL, Layout.MIRROR, 1 << 20, List.of(labelled.subList(0, 2)));
        PoolFormatter.claim(labelled.get(2));
        open(0, 1);
        run(done -> pool.operations()
                .create(new VolumeSpec("v", new UUID(5, 5), VOLUME, 512, false, false, 0, new byte[0]), done));
    }

    private static UUID id(int drive) {
        return new UUID(3, drive);
    }

    private BlockingDrive blocking(PowerCutDrive drive) {
        return new BlockingDrive(drive, clock, () -> clock.advance(10_000));
    }

    private void open(int... present) {
        PoolScan scan = PoolScan.scan(
                POOL,
                Arrays.stream(present).mapToObj(i -> blocking(drives.get(i))).toList());
        PoolImage image = PoolLoader.load(scan);
        PoolDrives put =
                PoolDrives.of(scan, image, id -> drives.get((int) id.getLeastSignificantBits()), _ -> new Silent());
        boolean[] opened = {false};
        mirror = Objects.requireNonNull(put.mirrors().get(0));
        pool = new Pool(image, put.sets(), put.members(), clock, PoolListener.NONE, failure -> {
            assertThat(failure).isNull();
            opened[0] = true;
        });
        until(() -> opened[0]);
    }

    private void step() {
        clock.advance(5_000);
        pool.poll(clock.nowNs());
    }

    private void until(BooleanSupplier there) {
        for (int i = 0; i < 1_000_000 && !there.getAsBoolean(); i++) {
            step();
        }
        assertThat(there.getAsBoolean()).isTrue();
    }

    private void run(Consumer<Done> operation) {
        boolean[] ended = {false};
        operation.accept(failure -> {
            if (failure != null) {
                throw failure;
            }
            ended[0] = true;
        });
        until(() -> ended[0]);
    }

    private int io(int operation, long offset, long length) {
        int[] status = {IoStatus.PENDING};
        Io io = new Io((_, ended) -> status[0] = ended);
        io.prepare(operation, offset, length, false);
        if (length > 0) {
            io.data().add(buffer, offset, length);
        }
        int answer = pool.operations().volume("v").submit(io);
        if (answer == IoStatus.PENDING) {
            until(() -> status[0] != IoStatus.PENDING);
            answer = status[0];
        }
        return answer;
    }

    private void writeSome(int count) {
        for (int i = 0; i < count; i++) {
            int length = 512 * (1 + random.nextInt(40));
            int offset = random.nextInt((int) (VOLUME - length) / 512) * 512;
            byte[] fresh = new byte[length];
            random.nextBytes(fresh);
            System.arraycopy(fresh, 0, model, offset, length);
            MemorySegment.copy(fresh, 0, buffer, ValueLayout.JAVA_BYTE, offset, length);
            assertThat(io(Io.WRITE, offset, length)).isEqualTo(IoStatus.OK);
        }
        assertThat(io(Io.FLUSH, 0, 0)).isEqualTo(IoStatus.OK);
    }

    private void checkAll() {
        buffer.fill((byte) 0x55);
        assertThat(io(Io.READ, 0, VOLUME)).isEqualTo(IoStatus.OK);
        assertThat(MemorySegment.ofArray(model).mismatch(buffer)).isEqualTo(-1);
    }

    private void cutPower() {
        pool.close();
        for (PowerCutDrive drive : drives) {
            CutImage image = new CutImage(drive, arena);
            image.take(Survival.SUBSET, random);
            drive.restart(image);
        }
    }

    @Test
    void servesThroughTheLossOfADriveAndTakesItBack() {
        writeSome(20);
        drives.get(0).gone(true);
        writeSome(20);
        assertThat(mirror.state(0)).isEqualTo(ReplicaState.STALE);
        checkAll();
        cutPower();
        open(1);
        writeSome(20);
        checkAll();
        drives.get(0).gone(false);
        cutPower();
        // Everything is there again: what the first drive lacks goes to it.
        open(0, 1);
        assertThat(mirror.state(0)).isNotEqualTo(ReplicaState.CURRENT);
        writeSome(5);
        until(mirror::healthy);
        drives.get(1).gone(true);
        checkAll();
        writeSome(5);
        cutPower();
        open(0);
        checkAll();
    }

    @Test
    void replacesADrive() {
        writeSome(20);
        drives.get(1).gone(true);
        writeSome(5);
        run(done -> MirrorReplacement.replace(pool, mirror, id(1), id(2), "d2", drives.get(2), done));
        writeSome(5);
        until(mirror::healthy);
        checkAll();
        writeSome(5);
        run(pool::close);
        pool.close();
        open(0, 2);
        assertThat(pool.config().members().get(1).drive()).isEqualTo(id(2));
        drives.get(0).gone(true);
        checkAll();
    }

    /** Written with data of its own, at the start of the volume's last cluster. @return where it lies on the drives */
    private long writeAlone() {
        int offset = (int) VOLUME - 65536;
        for (int i = 0; i < 4096; i++) {
            model[offset + i] = (byte) (i % 251 + 1);
        }
        MemorySegment.copy(model, offset, buffer, ValueLayout.JAVA_BYTE, offset, 4096);
        assertThat(io(Io.WRITE, offset, 4096)).isEqualTo(IoStatus.OK);
        assertThat(io(Io.FLUSH, 0, 0)).isEqualTo(IoStatus.OK);
        MemorySegment memory = drives.get(0).visible();
        for (long at = 0; at < DRIVE; at += 4096) {
            if (MemorySegment.mismatch(memory, at, at + 4096, buffer, offset, offset + 4096) < 0) {
                return at;
            }
        }
        throw new AssertionError("the block is not on the drive");
    }

    private void rebuildFromFirst() {
        drives.get(1).gone(true);
        run(done -> MirrorReplacement.replace(pool, mirror, id(1), id(2), "d2", drives.get(2), done));
        until(mirror::healthy);
    }

    @Test
    void aBlockThatNobodyHasWrittenNeedNotBeReadForARebuild() {
        drives.get(0).latentError(writeAlone() + 4096, 4096);
        rebuildFromFirst();
        checkAll();
    }

    @Test
    void aBlockThatWasWrittenIsNeededForARebuild() {
        drives.get(0).latentError(writeAlone(), 512);
        assertThatThrownBy(this::rebuildFromFirst).hasMessage("the rebuild failed");
    }

    /** Only memory knows that the block is not needed any more: a power cut must not bring it back without its data. */
    @Test
    void aBlockThatWasJustGivenUpDoesNotComeBackAfterARebuild() {
        long at = writeAlone();
        int offset = (int) VOLUME - 65536;
        assertThat(io(Io.DEALLOCATE, offset, 4096)).isEqualTo(IoStatus.OK);
        Arrays.fill(model, offset, offset + 4096, (byte) 0);
        drives.get(0).latentError(at, 4096);
        rebuildFromFirst();
        drives.get(0).gone(true);
        cutPower();
        open(2);
        checkAll();
    }

    @Test
    void growsByAMirror() {
        List<PoolFormatter.Labelled> labelled = new ArrayList<>();
        for (int i = 3; i < 5; i++) {
            PowerCutDrive drive =
                    new PowerCutDrive("d" + i, DRIVE, 512, clock, Faults.delays(20_000), random.split(), arena);
            drives.add(drive);
            labelled.add(new PoolFormatter.Labelled(blocking(drive), id(i), "d" + i));
            PoolFormatter.claim(labelled.getLast());
        }
        MirrorSet joining = PoolDrives.joining(
                pool, PoolFormatter.newMirror(labelled), List.of(drives.get(3), drives.get(4)), new Silent());
        List<PoolMember> members = new ArrayList<>();
        for (int i = 3; i < 5; i++) {
            MemberRecord record = new MemberRecord(id(i), 1, i - 3, MemberRecord.State.CURRENT);
            members.add(new PoolMember(record, "d" + i, DRIVE, drives.get(i)));
        }
        run(done -> pool.grow(joining, members, done));
        writeSome(20);
        cutPower();
        open(0, 1, 3, 4);
        checkAll();
        assertThat(pool.config().sets()).hasSize(2);
    }

    /**
     * After a crash replicas may differ. What was read from one of them has to stay, also when the other one, which would
     * count first, is back after the next crash.
     */
    @Test
    void aDriveThatWasMissingOnceIsKnownToLackWhatTheOthersHad() {
        writeSome(5);
        cutPower();
        PoolImage image = PoolLoader.load(PoolScan.scan(POOL, List.of(blocking(drives.get(1)))));
        image.discard();
        CutImage left = new CutImage(drives.get(1), arena);
        left.take(Survival.NONE, random);
        drives.get(1).restart(left);
        PoolScan scan = PoolScan.scan(
                POOL, drives.subList(0, 2).stream().map(this::blocking).toList());
        assertThat(Objects.requireNonNull(scan.mirrors().get(0)).state(0)).isEqualTo(ReplicaState.STALE);
        open(0, 1);
        until(() -> mirror.state(0) == ReplicaState.CURRENT);
        checkAll();
    }

    /** Each drive was used without the other: neither has all, and nobody but a person can say which counts. */
    @Test
    void refusesDrivesThatWereUsedApart() {
        writeSome(5);
        cutPower();
        open(0);
        writeSome(5);
        cutPower();
        open(1);
        writeSome(5);
        cutPower();
        assertThatThrownBy(() -> open(0, 1)).isInstanceOf(PoolException.class).hasMessageContaining("written apart");
    }

    private static final class Silent implements MirrorListener {
        @Override
        public void replicaFailed(int slot, int status) {}

        @Override
        public void replicaCurrent(int slot) {}

        @Override
        public void rebuildFailed(int slot, long offsetBytes, long lengthBytes) {
            throw new AssertionError("the rebuild failed");
        }

        @Override
        public void repaired(int slot, long offsetBytes, long lengthBytes) {}

        @Override
        public void stopped() {
            throw new AssertionError("the mirror stopped");
        }
    }
}

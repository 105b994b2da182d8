package io.vnvme.testkit.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.crypto.VolumeKey;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.Done;
import io.vnvme.pool.GuardedVolume;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolDrives;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.VolumeSpec;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.mirror.MirrorListener;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.Survival;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A pool of one set with volume "v", and an array that says what the volume holds. */
final class GuardedPool implements MirrorListener {
    static final int VOLUME = 2 << 20;
    private static final UUID POOL = new UUID(7, 7);
    private static final long DRIVE = 8 << 20;
    private static final long JOURNAL = 1 << 20;

    final List<PowerCutDrive> drives = new ArrayList<>();
    final byte[] model = new byte[VOLUME];
    private final SimClock clock = new SimClock();
    private final SplittableRandom random;
    private final Arena arena;
    private final MemorySegment buffer;
    private final boolean encrypted;
    private @Nullable Pool pool;
    private @Nullable Volume volume;
    private Map<Integer, MirrorSet> mirrors = Map.of();
    int repaired;

    GuardedPool(SplittableRandom random, Arena arena, int replicas, boolean checksums, boolean encrypted) {
        this.random = random;
        this.arena = arena;
        this.encrypted = encrypted;
        buffer = arena.allocate(VOLUME, 4096);
        List<PoolFormatter.Labelled> labelled = new ArrayList<>();
        for (int i = 0; i < replicas; i++) {
            PowerCutDrive drive =
                    new PowerCutDrive("d" + i, DRIVE, 512, clock, Faults.delays(20_000), random.split(), arena);
            drive.immediate(random.nextBoolean() ? 0 : 0.3);
            drives.add(drive);
            labelled.add(new PoolFormatter.Labelled(blocking(drive), new UUID(3, i), "d" + i));
        }
        PoolFormatter.create("p", POOL, replicas > 1 ? Layout.MIRROR : Layout.CONCAT, JOURNAL, List.of(labelled));
        open();
        create("v", checksums);
        volume = guard("v");
    }

    void create(String name, boolean checksums) {
        run(done -> pool().operations()
                .create(
                        new VolumeSpec(
                                name, new UUID(5, name.charAt(0)), VOLUME, 512, false, checksums, 0, new byte[0]),
                        done));
    }

    Pool pool() {
        Pool current = pool;
        if (current == null) {
            throw new IllegalStateException("closed");
        }
        return current;
    }

    private BlockingDrive blocking(PowerCutDrive drive) {
        return new BlockingDrive(drive, clock, () -> clock.advance(10_000));
    }

    private void open() {
        PoolScan scan = PoolScan.scan(POOL, drives.stream().map(this::blocking).toList());
        PoolImage image = PoolLoader.load(scan);
        PoolDrives put = PoolDrives.of(scan, image, id -> drives.get((int) id.getLeastSignificantBits()), _ -> this);
        mirrors = put.mirrors();
        boolean[] opened = {false};
        pool = new Pool(image, put.sets(), put.members(), clock, PoolListener.NONE, failure -> {
            assertThat(failure).isNull();
            opened[0] = true;
        });
        until(() -> opened[0]);
    }

    /** The volume of that name as a guest has it. */
    Volume guard(String name) {
        byte[] key = new byte[VolumeKey.SIZE];
        Arrays.fill(key, 0, 32, (byte) 9);
        try (VolumeKey volumeKey = VolumeKey.of(key)) {
            return GuardedVolume.of(pool(), pool().operations().volume(name), encrypted ? volumeKey : null);
        }
    }

    void step() {
        clock.advance(5_000);
        pool().poll(clock.nowNs());
    }

    /** Lets time pass, so that quiet pages are written. */
    void rest() {
        for (int i = 0; i < 400; i++) {
            clock.advance(50_000_000);
            pool().poll(clock.nowNs());
        }
    }

    void until(BooleanSupplier there) {
        for (int i = 0; i < 1_000_000 && !there.getAsBoolean(); i++) {
            step();
        }
        assertThat(there.getAsBoolean()).isTrue();
    }

    void run(Consumer<Done> operation) {
        boolean[] ended = {false};
        operation.accept(failure -> {
            if (failure != null) {
                throw failure;
            }
            ended[0] = true;
        });
        until(() -> ended[0]);
    }

    /** Bytes for {@link #io} at that offset. */
    void fill(int offset, byte[] data) {
        MemorySegment.copy(data, 0, buffer, ValueLayout.JAVA_BYTE, offset, data.length);
    }

    int io(Volume on, int operation, long offset, long length) {
        int[] status = {IoStatus.PENDING};
        Io io = new Io((_, ended) -> status[0] = ended);
        io.prepare(operation, offset, length, operation == Io.WRITE && random.nextInt(8) == 0);
        if (operation == Io.READ || operation == Io.WRITE) {
            io.data().add(buffer, offset, length);
        }
        int answer = on.submit(io);
        if (answer != IoStatus.PENDING) {
            return answer;
        }
        until(() -> status[0] != IoStatus.PENDING);
        return status[0];
    }

    private Volume volume() {
        Volume current = volume;
        if (current == null) {
            throw new IllegalStateException("closed");
        }
        return current;
    }

    void write(int offset, byte[] data) {
        System.arraycopy(data, 0, model, offset, data.length);
        fill(offset, data);
        assertThat(io(volume(), Io.WRITE, offset, data.length)).isEqualTo(IoStatus.OK);
    }

    /** One change of a random range in units of 512 bytes. */
    void change() {
        int length = 512 * (1 + random.nextInt(random.nextBoolean() ? 8 : 300));
        int offset = random.nextInt((VOLUME - length) / 512) * 512;
        int kind = random.nextInt(6);
        if (kind == 0) {
            Arrays.fill(model, offset, offset + length, (byte) 0);
            int operation = random.nextBoolean() ? Io.DEALLOCATE : Io.WRITE_ZEROES;
            assertThat(io(volume(), operation, offset, length)).isEqualTo(IoStatus.OK);
        } else {
            byte[] data = new byte[length];
            random.nextBytes(data);
            write(offset, data);
        }
    }

    int read(Volume on) {
        buffer.fill((byte) 0x55);
        return io(on, Io.READ, 0, VOLUME);
    }

    void check() {
        check(volume(), model);
    }

    void check(Volume on, byte[] expected) {
        assertThat(read(on)).isEqualTo(IoStatus.OK);
        assertThat(MemorySegment.ofArray(expected).mismatch(buffer)).isEqualTo(-1);
    }

    /** Reads 4 KiB, which have to be right if the read says so. @return its status */
    int readBlock(int block) {
        int offset = block * 4096;
        buffer.asSlice(offset, 4096).fill((byte) 0x55);
        int status = io(volume(), Io.READ, offset, 4096);
        if (status == IoStatus.OK) {
            byte[] expected = Arrays.copyOfRange(model, offset, offset + 4096);
            assertThat(buffer.asSlice(offset, 4096).toArray(ValueLayout.JAVA_BYTE))
                    .as("block %d", block)
                    .isEqualTo(expected);
        }
        return status;
    }

    /** Turns bits, clears or exchanges checksums on the first drive. */
    void damageChecksums() {
        long area = Geometry.checksumOffset(JOURNAL);
        int length = (int) (Geometry.dataOffset(Geometry.clusterCount(DRIVE, JOURNAL), JOURNAL) - area);
        MemorySegment sums = drives.getFirst().visible().asSlice(area, length);
        int at = random.nextInt(length / 4) * 4;
        switch (random.nextInt(3)) {
            case 0 -> sums.set(ValueLayout.JAVA_INT, at, random.nextInt());
            case 1 -> sums.asSlice(at & -64, 64).fill((byte) (random.nextBoolean() ? 0 : 0xff));
            default -> sums.set(ValueLayout.JAVA_INT, at, sums.get(ValueLayout.JAVA_INT, at) ^ 1 << random.nextInt(32));
        }
    }

    /** The 4 KiB that the volume holds there. */
    byte[] block(int offset) {
        return Arrays.copyOfRange(model, offset, offset + 4096);
    }

    int readAll() {
        return read(volume());
    }

    void flush() {
        assertThat(io(volume(), Io.FLUSH, 0, 0)).isEqualTo(IoStatus.OK);
    }

    void cutPower() {
        cutPower(() -> {});
    }

    /** @param between done to the drives before the pool is used again */
    void cutPower(Runnable between) {
        pool().close();
        for (PowerCutDrive drive : drives) {
            CutImage image = new CutImage(drive, arena);
            image.take(Survival.of(random.nextInt(Survival.COUNT)), random);
            drive.restart(image);
        }
        between.run();
        open();
        volume = guard("v");
    }

    /** True while replicas may differ after a cut. */
    boolean doubtful() {
        return mirrors.values().stream().anyMatch(MirrorSet::doubtful);
    }

    /** The power goes while writes are under way that nobody waited for. What is there then is what counts from now on. */
    void cutUnderWrites() {
        for (int i = 0; i < 1 + random.nextInt(6); i++) {
            int length = 512 * (1 + random.nextInt(60));
            int offset = random.nextInt((VOLUME - length) / 512) * 512;
            byte[] data = new byte[length];
            random.nextBytes(data);
            Io io = new Io((_, _) -> {});
            io.prepare(Io.WRITE, offset, length, random.nextInt(4) == 0);
            io.data().add(arena.allocateFrom(ValueLayout.JAVA_BYTE, data), 0, length);
            // Ended or not: nobody asks.
            assertThat(volume().submit(io)).isIn(IoStatus.PENDING, IoStatus.OK);
            for (int steps = random.nextInt(60); steps > 0; steps--) {
                step();
            }
        }
        cutPower();
        assertThat(readAll()).isEqualTo(IoStatus.OK);
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, model, 0, VOLUME);
    }

    void restart() {
        restart(() -> {});
    }

    /** @param between done to the drives while the pool is closed */
    void restart(Runnable between) {
        run(pool()::close);
        pool().close();
        between.run();
        open();
        volume = guard("v");
    }

    @Override
    public void replicaFailed(int slot, int status) {}

    @Override
    public void replicaCurrent(int slot) {}

    @Override
    public void rebuildFailed(int slot, long offsetBytes, long lengthBytes) {}

    @Override
    public void repaired(int slot, long offsetBytes, long lengthBytes) {
        repaired++;
    }

    @Override
    public void stopped() {
        throw new AssertionError("the mirror stopped");
    }
}

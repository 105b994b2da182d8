package io.vnvme.testkit.migration;

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
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.VolumeSpec;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.mirror.MirrorListener;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.Survival;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A pool of one drive, whose power can be cut, with volume "v". */
final class Side implements MirrorListener {
    static final int VOLUME = (2 << 20) + 4096;
    private static final UUID POOL = new UUID(7, 7);
    private static final long DRIVE = 8 << 20;
    private static final long JOURNAL = 1 << 20;

    final PowerCutDrive drive;
    private final SimClock clock;
    private final SplittableRandom random;
    private final Arena arena;
    private final @Nullable VolumeKey key;
    private @Nullable Pool pool;

    /** @param key of the volume; null: it is not encrypted */
    Side(SimClock clock, SplittableRandom random, Arena arena, boolean checksums, @Nullable VolumeKey key) {
        this.clock = clock;
        this.random = random;
        this.arena = arena;
        this.key = key;
        drive = new PowerCutDrive("d", DRIVE, 512, clock, Faults.delays(20_000), random.split(), arena);
        drive.immediate(random.nextBoolean() ? 0 : 0.3);
        PoolFormatter.create(
                "p",
                POOL,
                Layout.CONCAT,
                JOURNAL,
                List.of(List.of(new PoolFormatter.Labelled(blocking(), new UUID(3, 0), "d"))));
        open();
        run(done -> pool().operations()
                .create(new VolumeSpec("v", new UUID(5, 5), VOLUME, 512, false, checksums, 0, new byte[0]), done));
    }

    private BlockingDrive blocking() {
        return new BlockingDrive(drive, clock, () -> clock.advance(10_000));
    }

    private void open() {
        PoolScan scan = PoolScan.scan(POOL, List.of(blocking()));
        var image = PoolLoader.load(scan);
        PoolDrives put = PoolDrives.of(scan, image, _ -> drive, _ -> this);
        boolean[] opened = {false};
        pool = new Pool(image, put.sets(), put.members(), clock, PoolListener.NONE, failure -> {
            assertThat(failure).isNull();
            opened[0] = true;
        });
        until(() -> opened[0]);
    }

    Pool pool() {
        Pool current = pool;
        if (current == null) {
            throw new IllegalStateException("closed");
        }
        return current;
    }

    Volume volume() {
        return GuardedVolume.of(pool(), pool().operations().volume("v"), key);
    }

    void step() {
        pool().poll(clock.nowNs());
    }

    void until(BooleanSupplier there) {
        for (int i = 0; i < 1_000_000 && !there.getAsBoolean(); i++) {
            clock.advance(5_000);
            step();
        }
        assertThat(there.getAsBoolean()).isTrue();
    }

    void run(Consumer<Done> operation) {
        boolean[] ended = {false};
        operation.accept(failure -> {
            assertThat(failure).isNull();
            ended[0] = true;
        });
        until(() -> ended[0]);
    }

    /** What the volume holds. */
    byte[] content() {
        MemorySegment all = arena.allocate(VOLUME, 4096);
        Io io = new Io((_, _) -> {});
        io.prepare(Io.READ, 0, VOLUME, false);
        io.data().add(all, 0, VOLUME);
        ended(io);
        return all.toArray(ValueLayout.JAVA_BYTE);
    }

    /** Writes what is not zero, cluster by cluster. */
    void write(byte[] content) {
        for (int at = 0; at < VOLUME; at += 65536) {
            byte[] cluster = Arrays.copyOfRange(content, at, Math.min(VOLUME, at + 65536));
            if (Arrays.equals(cluster, new byte[cluster.length])) {
                continue;
            }
            MemorySegment memory = arena.allocate(cluster.length, 4096).copyFrom(MemorySegment.ofArray(cluster));
            Io io = new Io((_, _) -> {});
            io.prepare(Io.WRITE, at, cluster.length, false);
            io.data().add(memory, 0, cluster.length);
            ended(io);
        }
    }

    /** Gives work to the volume, and waits for its end. */
    private void ended(Io io) {
        int[] status = {IoStatus.PENDING};
        io.redirect((_, ended) -> status[0] = ended);
        int answer = volume().submit(io);
        if (answer != IoStatus.PENDING) {
            status[0] = answer;
        }
        until(() -> status[0] != IoStatus.PENDING);
        assertThat(status[0]).isEqualTo(IoStatus.OK);
    }

    /** The power goes, and the pool is found again with what is left. */
    void cutPower() {
        pool().close();
        CutImage image = new CutImage(drive, arena);
        image.take(Survival.of(random.nextInt(Survival.COUNT)), random);
        drive.restart(image);
        open();
    }

    @Override
    public void replicaFailed(int slot, int status) {}

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

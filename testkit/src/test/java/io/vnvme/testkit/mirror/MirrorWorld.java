package io.vnvme.testkit.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.mirror.AllocatedRanges;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.MirrorListener;
import io.vnvme.pool.mirror.MirrorLoader;
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
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;

/** A mirror on simulated drives, a model of what it holds, and everything that can happen to both. */
final class MirrorWorld implements MirrorListener {
    static final int BLOCK = 4096;
    static final long SIZE = 3 << 20;
    private static final long DATA = 64 << 10;
    private static final int BLOCKS = (int) ((SIZE - DATA) / BLOCK) - 1;
    private static final int MAX_BLOCKS = 8;

    private final SplittableRandom random;
    private final SimClock clock = new SimClock();
    private final List<PowerCutDrive> drives = new ArrayList<>();
    private final List<CutImage> images = new ArrayList<>();
    private final BlockModel model = new BlockModel(BLOCKS);
    private MirrorSet set;
    private long number;
    private int inFlight;
    private boolean latent;
    private final boolean[] gone = new boolean[4];
    /** Completions of before a power cut mean nothing. */
    private int era;

    int failures;
    int rebuilds;
    int cuts;
    boolean stopped;

    MirrorWorld(SplittableRandom random, Arena arena) {
        this.random = random;
        int count = 2 + random.nextInt(3);
        int block = random.nextBoolean() ? 512 : 4096;
        for (int i = 0; i < count; i++) {
            long size = SIZE + (i == 0 ? 0 : random.nextInt(3) * 65536L);
            PowerCutDrive drive =
                    new PowerCutDrive("d" + i, size, block, clock, Faults.delays(50_000), random.split(), arena);
            drive.immediate(random.nextInt(3) == 0 ? 0.5 : 0);
            drives.add(drive);
            images.add(new CutImage(drive, arena));
        }
        MirrorLoader.create(
                new UUID(1, random.nextLong()),
                drives.stream().map(this::blocking).toList());
        set = load(List.of());
    }

    private BlockingDrive blocking(PowerCutDrive drive) {
        return new BlockingDrive(drive, clock, () -> clock.advance(10_000));
    }

    private MirrorSet load(List<Integer> missing) {
        List<Optional<BlockingDrive>> there = new ArrayList<>();
        for (int i = 0; i < drives.size(); i++) {
            there.add(missing.contains(i) ? Optional.empty() : Optional.of(blocking(drives.get(i))));
        }
        MirrorImage image = MirrorLoader.load(there);
        assertThat(image.apart()).isEmpty();
        List<Optional<Drive>> present =
                there.stream().map(drive -> drive.map(BlockingDrive::drive)).toList();
        return new MirrorSet("m0", image, present, this, AllocatedRanges.ALL);
    }

    // ---- work

    void step() {
        set.poll(clock.nowNs());
        latent &= set.maintenance().repairing();
        clock.advance(random.nextLong(20_000));
    }

    /** Begins a read or a change of free blocks. */
    void work() {
        int count = 1 + random.nextInt(MAX_BLOCKS);
        int first = random.nextInt(BLOCKS - count);
        if (model.anyBusy(first, count)) {
            return;
        }
        int kind = random.nextInt(10);
        if (kind < 4) {
            read(first, count);
        } else if (kind < 8) {
            change(Io.WRITE, first, count, ++number);
        } else if (kind == 8) {
            change(random.nextBoolean() ? Io.WRITE_ZEROES : Io.DEALLOCATE, first, count, - ++number);
        } else {
            flush();
        }
    }

    private void submit(Io io) {
        inFlight++;
        int status = set.submit(io);
        if (status != IoStatus.PENDING) {
            io.complete(status);
        }
    }

    private void change(int operation, int first, int count, long value) {
        boolean durable = random.nextInt(4) == 0;
        int then = era;
        Io io = new Io((_, status) -> {
            if (then != era) {
                return;
            }
            inFlight--;
            model.busy(first, count, false);
            if (status == IoStatus.OK) {
                model.acknowledged(first, count, value, durable && operation == Io.WRITE);
            } else {
                model.failed(first, count, value);
            }
        });
        io.prepare(operation, DATA + (long) first * BLOCK, (long) count * BLOCK, durable && operation == Io.WRITE);
        if (operation == Io.WRITE) {
            io.data().add(filled(count, value), 0, (long) count * BLOCK);
        }
        model.busy(first, count, true);
        model.begins(first, count, value);
        submit(io);
    }

    private MemorySegment filled(int count, long value) {
        MemorySegment data = Arena.ofAuto().allocate((long) count * BLOCK, 8);
        for (long at = 0; at < data.byteSize(); at += 8) {
            data.set(ValueLayout.JAVA_LONG, at, value);
        }
        return data;
    }

    private void read(int first, int count) {
        MemorySegment data = Arena.ofAuto().allocate((long) count * BLOCK, 8);
        int then = era;
        Io io = new Io((_, status) -> {
            if (then != era) {
                return;
            }
            inFlight--;
            model.busy(first, count, false);
            assertThat(status).isEqualTo(IoStatus.OK);
            check(first, count, data);
        });
        io.prepare(Io.READ, DATA + (long) first * BLOCK, (long) count * BLOCK, false);
        io.data().add(data, 0, (long) count * BLOCK);
        model.busy(first, count, true);
        submit(io);
    }

    private void check(int first, int count, MemorySegment data) {
        for (int i = 0; i < count; i++) {
            long value = data.get(ValueLayout.JAVA_LONG, (long) i * BLOCK);
            // A block may be torn where a cut left open what it holds.
            if (model.certain(first + i)) {
                checkFilled(
                        first + i,
                        data,
                        (long) i * BLOCK,
                        model.allowed(first + i).getFirst());
            } else {
                for (long at = 0; at < BLOCK; at += 512) {
                    assertThat(model.allowed(first + i))
                            .as("block %d", first + i)
                            .contains(data.get(ValueLayout.JAVA_LONG, (long) i * BLOCK + at));
                }
                // Torn or not: it counts as known only when it is whole.
                boolean whole = true;
                for (long at = 0; at < BLOCK; at += 512) {
                    whole &= data.get(ValueLayout.JAVA_LONG, (long) i * BLOCK + at) == value;
                }
                if (whole) {
                    model.read(first + i, value);
                }
            }
        }
    }

    private static void checkFilled(int block, MemorySegment data, long from, long value) {
        for (long at = from; at < from + BLOCK; at += 8) {
            long found = data.get(ValueLayout.JAVA_LONG, at);
            if (found != value) {
                throw new AssertionError("block %d, byte %d: %d, not %d".formatted(block, at - from, found, value));
            }
        }
    }

    private void flush() {
        int then = era;
        List<List<Long>> snapshot = model.snapshot();
        Io io = new Io((_, status) -> {
            if (then != era) {
                return;
            }
            inFlight--;
            if (status == IoStatus.OK) {
                model.flushed(snapshot);
            }
        });
        io.prepare(Io.FLUSH, 0, 0, false);
        submit(io);
    }

    // ---- accidents

    /** The slot of a replica that may fail now: another one has everything. */
    private int expendable() {
        int slot = random.nextInt(drives.size());
        boolean other = false;
        for (int i = 0; i < drives.size(); i++) {
            other |= i != slot && !gone[i] && set.state(i) == ReplicaState.CURRENT;
        }
        return other && !latent && !set.doubtful() ? slot : -1;
    }

    void dies() {
        int slot = expendable();
        if (slot >= 0) {
            drives.get(slot).gone(true);
            gone[slot] = true;
        }
    }

    /** A sector of one replica is lost, and found. Until it is repaired no other replica may fail. */
    void unreadable() {
        int slot = expendable();
        if (slot >= 0 && set.healthy()) {
            long lost = DATA + random.nextInt(BLOCKS) * (long) BLOCK;
            drives.get(slot).latentError(lost, BLOCK);
            latent = true;
            set.repairFrom(lost, BLOCK, 1 << slot);
        }
    }

    /** A drive that was lost comes back, without what was in its cache; or an empty one in its place. */
    void comesBack() {
        int slot = random.nextInt(drives.size());
        PowerCutDrive drive = drives.get(slot);
        if (set.state(slot) != ReplicaState.STALE || drive.pendingCount() > 0) {
            return;
        }
        CutImage image = images.get(slot);
        image.take(Survival.of(random.nextInt(Survival.COUNT)), random);
        drive.restart(image);
        drive.gone(false);
        gone[slot] = false;
        boolean knows = random.nextInt(4) != 0;
        if (!knows) {
            scribble(drive);
        }
        Drive former = set.attach(slot, drive, knows);
        assertThat(former == null || former == drive).isTrue();
    }

    private void scribble(PowerCutDrive drive) {
        MemorySegment noise = filled((int) (SIZE / BLOCK), -1);
        assertThat(blocking(drive).write(0, noise)).isEqualTo(IoStatus.OK);
        assertThat(blocking(drive).flush()).isEqualTo(IoStatus.OK);
    }

    void powerCut() {
        if (latent) {
            // What only one replica kept through a cut is gone with the sector that it was in: that is two failures.
            return;
        }
        cuts++;
        era++;
        inFlight = 0;
        List<Integer> missing = new ArrayList<>();
        // Until replicas agree again after a crash, what was read is on one of them only.
        boolean all = set.doubtful();
        int keep = -1;
        for (int i = 0; i < drives.size(); i++) {
            keep = set.state(i) == ReplicaState.CURRENT && !gone[i] && (keep < 0 || random.nextBoolean()) ? i : keep;
        }
        for (int i = 0; i < drives.size(); i++) {
            CutImage image = images.get(i);
            image.take(Survival.of(random.nextInt(Survival.COUNT)), random);
            drives.get(i).restart(image);
            if (i != keep && (set.state(i) == ReplicaState.STALE || !all && random.nextInt(8) == 0)) {
                missing.add(i);
                drives.get(i).gone(true);
                gone[i] = true;
            } else {
                drives.get(i).gone(false);
                gone[i] = false;
            }
        }
        model.cut();
        set = load(missing);
        set.poll(clock.nowNs());
    }

    /** Everything works again, until all replicas have everything. */
    void heal() {
        for (int i = 0; i < 200_000 && !(set.healthy() && inFlight == 0); i++) {
            step();
            if (i % 50 == 0) {
                comesBack();
            }
        }
        assertThat(inFlight).isZero();
        assertThat(set.healthy()).as("healthy at the end").isTrue();
        assertThat(stopped).isFalse();
    }

    void checkAll() {
        for (int first = 0; first < BLOCKS; first += MAX_BLOCKS) {
            read(first, Math.min(MAX_BLOCKS, BLOCKS - first));
        }
        heal();
        MemorySegment one = drives.getFirst().visible();
        for (PowerCutDrive drive : drives) {
            assertThat(MemorySegment.mismatch(one, DATA, SIZE - BLOCK, drive.visible(), DATA, SIZE - BLOCK))
                    .as("replicas are equal")
                    .isEqualTo(-1);
        }
    }

    /** A clean stop leaves nothing to do. */
    void restClean() {
        for (int i = 0; i < 100_000 && !set.rested(); i++) {
            set.rest();
            step();
        }
        assertThat(set.rested()).isTrue();
        set = load(List.of());
        set.poll(clock.nowNs());
        assertThat(set.doubtful()).isFalse();
    }

    @Override
    public void replicaFailed(int slot, int status) {
        failures++;
    }

    @Override
    public void replicaCurrent(int slot) {
        rebuilds++;
    }

    @Override
    public void rebuildFailed(int slot, long offsetBytes, long lengthBytes) {
        throw new AssertionError("rebuild of %d failed at %d".formatted(slot, offsetBytes));
    }

    @Override
    public void repaired(int slot, long offsetBytes, long lengthBytes) {}

    @Override
    public void stopped() {
        stopped = true;
    }
}

package io.vnvme.testkit.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.Done;
import io.vnvme.pool.KeptChanges;
import io.vnvme.pool.MapMemory;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolFormatter.Labelled;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolListener;
import io.vnvme.pool.PoolLoader;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.PoolVolume;
import io.vnvme.pool.VolumeSpec;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A pool on drives of the test's, stepped until what was asked for has happened. */
final class SimPool {
    private static final UUID POOL = new UUID(1, 2);
    private static final int STEPS_MAX = 2_000_000;

    private final SimClock clock;
    private final List<Drive> drives;
    /** Marks that space in use rose above (positive) or fell below (negative), in percent. */
    final List<Integer> filled = new ArrayList<>();

    /** What outlives the daemon, for its changes. */
    private @Nullable MemorySegment kept;

    private @Nullable Pool pool;

    SimPool(SimClock clock, Layout layout, long journalBytes, List<? extends Drive> drives) {
        this.clock = clock;
        this.drives = new ArrayList<>(drives);
        List<List<Labelled>> sets = new ArrayList<>();
        for (int i = 0; i < drives.size(); i++) {
            sets.add(List.of(new Labelled(blocking(drives.get(i)), new UUID(3, i), "d" + i)));
        }
        PoolFormatter.create("p", POOL, layout, journalBytes, sets);
        open();
    }

    private BlockingDrive blocking(Drive drive) {
        return new BlockingDrive(drive, clock, () -> clock.advance(1_000));
    }

    /** From the next {@link #open} on, changes are kept there beyond a {@link #crash}. */
    void keepIn(MemorySegment memory) {
        kept = memory;
    }

    /** Loads what is on the drives: after a close, or as after a crash of the daemon. */
    void open() {
        PoolScan scan = scan();
        PoolImage image = PoolLoader.load(scan, MapMemory.SYSTEM, kept == null ? null : new KeptChanges(kept));
        List<PoolMember> members = new ArrayList<>();
        List<@Nullable Drive> sets = new ArrayList<>();
        image.config().sets().forEach(_ -> sets.add(null));
        for (MemberRecord record : image.config().members()) {
            int i = (int) record.drive().getLeastSignificantBits();
            long driveBytes = scan.of(record).orElseThrow().superblock().driveBytes();
            members.add(new PoolMember(record, "d" + i, driveBytes, drives.get(i)));
            sets.set(record.set(), drives.get(i));
        }
        Result opened = new Result();
        pool = new Pool(image, sets, members, clock, new FillListener(), opened);
        await(opened);
    }

    /** What the drives say that they are. */
    PoolScan scan() {
        return PoolScan.scan(POOL, drives.stream().map(this::blocking).toList());
    }

    Pool pool() {
        Pool current = pool;
        if (current == null) {
            throw new IllegalStateException("closed");
        }
        return current;
    }

    /** Gives up the pool as a killed daemon does. */
    void crash() {
        pool().close();
        pool = null;
        for (Drive drive : drives) {
            if (drive instanceof SimDrive simulated) {
                simulated.abandon();
            }
        }
    }

    /** Has another drive at the place of one, with what that one has copied to it by the caller. */
    void exchange(int index, Drive drive) {
        drives.set(index, drive);
    }

    void close() {
        run(pool()::close);
        crash();
    }

    /** Takes another drive into the pool. */
    void grow(Drive drive) {
        drives.add(drive);
        int index = drives.size() - 1;
        MemberRecord record =
                new MemberRecord(new UUID(3, index), pool().config().sets().size(), 0, MemberRecord.State.CURRENT);
        run(done -> pool().grow(drive, List.of(new PoolMember(record, "d" + index, drive.sizeBytes(), drive)), done));
    }

    void step() {
        clock.advance(1_000);
        pool().poll(clock.nowNs());
    }

    /** Until background work is done. */
    void settle() {
        for (int i = 0; i < STEPS_MAX && !pool().idle(); i++) {
            step();
        }
        if (!pool().idle()) {
            throw new IllegalStateException("the pool does not come to rest");
        }
    }

    private static final class Result implements Done {
        private boolean ended;
        private @Nullable PoolException failure;

        @Override
        public void done(@Nullable PoolException refused) {
            ended = true;
            failure = refused;
        }
    }

    private void await(Result result) {
        for (int i = 0; i < STEPS_MAX && !result.ended; i++) {
            step();
        }
        if (!result.ended) {
            throw new IllegalStateException("an operation does not end");
        }
        if (result.failure != null) {
            throw result.failure;
        }
    }

    void run(Consumer<Done> operation) {
        Result result = new Result();
        operation.accept(result);
        await(result);
    }

    void create(String name, long sizeBytes) {
        run(done -> pool().operations()
                .create(
                        new VolumeSpec(
                                name,
                                UUID.nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                                sizeBytes,
                                512,
                                false,
                                false,
                                0,
                                new byte[0]),
                        done));
    }

    PoolVolume volume(String name) {
        return pool().operations().volume(name);
    }

    int io(Volume volume, int operation, long offset, MemorySegment memory, long length, boolean fua) {
        int[] status = {IoStatus.PENDING};
        Io io = new Io((_, ended) -> status[0] = ended);
        io.prepare(operation, offset, length, fua);
        if (memory.byteSize() > 0) {
            io.data().add(memory, 0, length);
        }
        int answer = volume.submit(io);
        if (answer != IoStatus.PENDING) {
            return answer;
        }
        for (int i = 0; i < STEPS_MAX && status[0] == IoStatus.PENDING; i++) {
            step();
        }
        return status[0];
    }

    int write(String name, long offset, byte[] data) {
        try (Arena arena = Arena.ofConfined()) {
            return io(
                    volume(name),
                    Io.WRITE,
                    offset,
                    arena.allocateFrom(ValueLayout.JAVA_BYTE, data),
                    data.length,
                    false);
        }
    }

    byte[] read(String name, long offset, int length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(length);
            memory.fill((byte) 0x5a);
            int status = io(volume(name), Io.READ, offset, memory, length, false);
            if (status != IoStatus.OK) {
                throw new IllegalStateException("read: status " + status);
            }
            return memory.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    int discard(String name, long offset, long length) {
        return io(volume(name), Io.DEALLOCATE, offset, MemorySegment.NULL, length, false);
    }

    int flush(String name) {
        return io(volume(name), Io.FLUSH, 0, MemorySegment.NULL, 0, false);
    }

    private final class FillListener implements PoolListener {
        @Override
        public void stopped(String why) {}

        @Override
        public void filled(int percent, boolean above) {
            filled.add(above ? percent : -percent);
        }

        @Override
        public void held(int count) {}
    }
}

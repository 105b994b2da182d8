package io.vnvme.testkit.powercut;

import io.vnvme.drive.Drive;
import io.vnvme.pool.Done;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolMember;
import io.vnvme.pool.PoolOperations;
import io.vnvme.pool.VolumeSpec;
import io.vnvme.reactor.Clock;
import io.vnvme.volume.Volume;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A pool in use, as a simulation steps it. */
final class RunningPool implements Store {
    private final Pool pool;
    private final PoolOperations operations;
    private long nextUuid = 1;

    RunningPool(PoolImage image, List<@Nullable Drive> sets, List<PoolMember> members, Clock clock) {
        pool = new Pool(image, sets, members, clock, new PoolStore.Strict(), failure -> {
            if (failure != null) {
                throw new AssertionError("the pool did not open: " + failure.getMessage());
            }
        });
        operations = pool.operations();
    }

    private UUID uuid() {
        return new UUID(3, nextUuid++);
    }

    private static Done done(Outcome outcome) {
        return failure -> outcome.ended(failure == null ? null : String.valueOf(failure.getMessage()));
    }

    @Override
    public int poll(long nowNs) {
        return pool.poll(nowNs);
    }

    @Override
    public Volume volume(String name) {
        return operations.volume(name);
    }

    @Override
    public boolean changeable() {
        return true;
    }

    @Override
    public void create(String name, long sizeBytes, int blockSizeBytes, boolean thick, Outcome outcome) {
        operations.create(
                new VolumeSpec(name, uuid(), sizeBytes, blockSizeBytes, thick, false, 0, new byte[0]), done(outcome));
    }

    @Override
    public void snapshot(String volume, String snapshot, Outcome outcome) {
        operations.snapshot(volume, snapshot, uuid(), 0, done(outcome));
    }

    @Override
    public void clone(String source, String name, Outcome outcome) {
        operations.clone(source, name, uuid(), 0, done(outcome));
    }

    @Override
    public void remove(String name, Outcome outcome) {
        operations.remove(name, done(outcome));
    }

    @Override
    public void rollback(String volume, String snapshot, Outcome outcome) {
        operations.rollback(volume, snapshot, done(outcome));
    }

    @Override
    public void rename(String from, String to, Outcome outcome) {
        operations.rename(from, to, done(outcome));
    }

    @Override
    public void resize(String name, long sizeBytes, Outcome outcome) {
        operations.resize(name, sizeBytes, true, done(outcome));
    }

    @Override
    public boolean waitsForSpace() {
        return pool.spaceNow().heldWrites() > 0;
    }

    @Override
    public boolean settled() {
        return pool.idle();
    }

    @Override
    public long usedClusters() {
        return pool.spaceNow().used();
    }

    @Override
    public void close(Outcome outcome) {
        pool.close(done(outcome));
    }

    @Override
    public void giveUp() {
        pool.close();
    }
}

package io.vnvme.testkit.powercut;

import io.vnvme.crypto.VolumeKey;
import io.vnvme.pool.Done;
import io.vnvme.pool.GuardedVolume;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolDrives;
import io.vnvme.pool.PoolImage;
import io.vnvme.pool.PoolOperations;
import io.vnvme.pool.PoolVolume;
import io.vnvme.pool.VolumeSpec;
import io.vnvme.reactor.Clock;
import io.vnvme.volume.Volume;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A pool in use, as a simulation steps it. */
final class RunningPool implements Store {
    private final PoolStore kind;
    private final Pool pool;
    private final PoolOperations operations;
    private final Uses uses;
    private final DriveWork work;
    private final @Nullable VolumeKey key;
    private final Set<GuardedVolume> guards = Collections.newSetFromMap(new IdentityHashMap<>());
    private long nextUuid = 1;

    /** @param key of all volumes; null when they are not encrypted */
    RunningPool(PoolStore kind, PoolImage image, PoolDrives drives, Uses uses, Clock clock, @Nullable VolumeKey key) {
        this.kind = kind;
        this.uses = uses;
        this.key = key;
        pool = new Pool(image, drives.sets(), drives.members(), clock, new StrictListeners.OfPool(), failure -> {
            if (failure != null) {
                throw new AssertionError("the pool did not open: " + failure.getMessage());
            }
        });
        operations = pool.operations();
        work = new DriveWork(kind, pool, drives.mirrors(), uses);
    }

    DriveWork work() {
        return work;
    }

    private UUID uuid() {
        return new UUID(3, nextUuid++);
    }

    private static Done done(Outcome outcome) {
        return failure -> outcome.ended(failure == null ? null : String.valueOf(failure.getMessage()));
    }

    @Override
    public int poll(long nowNs) {
        return pool.poll(nowNs) + work.poll(nowNs);
    }

    @Override
    public long prepareSleep(long nowNs) {
        return pool.prepareSleep(nowNs);
    }

    @Override
    public Volume volume(String name) {
        PoolVolume volume = operations.volume(name);
        if (!kind.traits().checksums() && key == null) {
            return volume;
        }
        Volume guarded = GuardedVolume.of(pool, volume, key);
        if (guarded instanceof GuardedVolume guard) {
            guards.add(guard);
        }
        return guarded;
    }

    @Override
    public boolean guarded(String name) {
        return volume(name) instanceof GuardedVolume;
    }

    @Override
    public boolean changeable() {
        return true;
    }

    @Override
    public void create(String name, long sizeBytes, int blockSizeBytes, boolean thick, Outcome outcome) {
        UUID uuid = uuid();
        boolean checksums = kind.traits().checksums() && uuid.getLeastSignificantBits() % 4 != 0;
        operations.create(
                new VolumeSpec(name, uuid, sizeBytes, blockSizeBytes, thick, checksums, 0, new byte[0]), done(outcome));
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
        if (!name.contains("@") && volume(name) instanceof GuardedVolume guard) {
            guards.remove(guard);
            guard.close();
        }
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
    public void disturb(SplittableRandom random) {
        work.disturb(random);
    }

    @Override
    public boolean mayBeCut() {
        return !work.lost();
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
        work.closing();
        pool.close(done(outcome));
    }

    @Override
    public void giveUp() {
        pool.close();
        guards.forEach(GuardedVolume::close);
        uses.close();
    }
}

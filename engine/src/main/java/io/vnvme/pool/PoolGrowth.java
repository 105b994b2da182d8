package io.vnvme.pool;

import io.vnvme.drive.Drive;
import io.vnvme.pool.PoolException.Reason;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.reactor.Poller;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Takes sets into a pool and out of it, while it is in use. */
final class PoolGrowth {
    private final Pool pool;
    private @Nullable Relocation relocation;
    private boolean growing;
    private boolean shrinking;
    /** A set that is not in the pool yet, and has work to do. */
    private @Nullable Drive arriving;

    PoolGrowth(Pool pool) {
        this.pool = pool;
    }

    boolean busy() {
        return relocation != null || growing || shrinking;
    }

    /** A set is being emptied. */
    boolean relocating() {
        return relocation != null;
    }

    int poll() {
        Drive joining = arriving;
        int work = joining == null ? 0 : joining.poll(pool.nowNs());
        Relocation current = relocation;
        if (current == null) {
            return work;
        }
        work += current.poll();
        if (current.ended()) {
            relocation = null;
        }
        return work;
    }

    /** For the sleep of a set that is not in the pool yet. */
    long prepareSleep(long nowNs) {
        Drive joining = arriving;
        return joining == null ? Poller.UNLIMITED : joining.prepareSleep(nowNs);
    }

    void spaceFreed() {
        Relocation current = relocation;
        if (current != null) {
            current.spaceFreed();
        }
    }

    /**
     * Takes in a set. Its drives are told first that they belong to the pool: after a crash in between it is either in
     * the pool, or its drives are not needed.
     *
     * @param drive leads to all drives of the set
     * @param newMembers its drives, with the set index that is next
     */
    void grow(Drive drive, List<PoolMember> newMembers, Done done) {
        if (busy()) {
            done.done(new PoolException(
                    Reason.IN_USE, "pool %s is growing or shrinking just now".formatted(pool.name())));
            return;
        }
        PoolConfig before = pool.config();
        int index = before.sets().size();
        if (index >= PoolConfig.SETS_MAX || before.members().size() + newMembers.size() > PoolConfig.MEMBERS_MAX) {
            done.done(new PoolException(Reason.UNSUITABLE, "a pool has at most 32 drives"));
            return;
        }
        SetRecord record;
        try {
            long smallest =
                    newMembers.stream().mapToLong(PoolMember::driveBytes).min().orElseThrow();
            record = PoolFormatter.record(
                    smallest, PoolFormatter.nextFirstCluster(before.sets()), before.journalBytes());
        } catch (PoolException tooSmall) {
            done.done(tooSmall);
            return;
        }
        growing = true;
        arriving = drive;
        List<@Nullable PoolException> refused = new ArrayList<>();
        pool.checkpoint().beforeNext(newMembers, () -> with(record, newMembers), failed -> {
            growing = false;
            arriving = null;
            refused.add(failed);
            if (failed != null) {
                return;
            }
            List<PoolMember> members = new ArrayList<>(pool.members());
            members.addAll(newMembers);
            pool.members(members, with(record, newMembers));
            pool.take(index, drive, record);
            pool.space().add(index, record);
            pool.spaceFreed();
        });
        pool.checkpoint()
                .request(false, failed -> done.done(refused.isEmpty() || failed != null ? failed : refused.getFirst()));
    }

    /** The configuration of now with one set more: a mirror may get another drive while that set joins. */
    private PoolConfig with(SetRecord record, List<PoolMember> newMembers) {
        PoolConfig config = pool.config();
        List<SetRecord> sets = new ArrayList<>(config.sets());
        sets.add(record);
        List<MemberRecord> records = new ArrayList<>(config.members());
        newMembers.forEach(member -> records.add(member.record()));
        return config.with(sets, records);
    }

    /** Empties a set and takes it out; its drives are free when {@code done} is told. */
    void shrink(int index, Relocation.Progress progress, Done done) {
        PoolConfig config = pool.config();
        if (busy()) {
            done.done(new PoolException(
                    Reason.IN_USE, "pool %s is growing or shrinking just now".formatted(pool.name())));
            return;
        }
        if (pool.sets().present().size() == 1) {
            done.done(new PoolException(Reason.UNSUITABLE, "it is the last of the pool: destroy the pool instead"));
            return;
        }
        boolean resumed = config.sets().get(index).draining();
        if (!resumed) {
            long elsewhere = pool.space().freeCount() - freeIn(index);
            long needed = pool.space().usedCount(index) + pool.space().reservedCount();
            if (elsewhere < needed + 8) {
                done.done(new PoolException(
                        Reason.NO_SPACE,
                        "%d bytes have to be moved, and the other drives have %d free"
                                .formatted(needed << Geometry.CLUSTER_SHIFT, elsewhere << Geometry.CLUSTER_SHIFT)));
                return;
            }
            pool.space().drain(index);
            pool.setRecord(index, config.sets().get(index).withDraining(true));
        }
        shrinking = true;
        pool.checkpoint().request(false, failed -> {
            shrinking = false;
            if (failed != null) {
                done.done(failed);
            } else {
                relocation = new Relocation(pool, index, progress, ended -> {
                    if (ended != null && ended.reason() != Reason.STOPPED && !pool.stopped()) {
                        pool.space().undrain(index);
                        pool.setRecord(index, pool.config().sets().get(index).withDraining(false));
                        pool.checkpoint().request(false, _ -> {});
                    }
                    done.done(ended);
                });
            }
        });
    }

    private long freeIn(int index) {
        return pool.config().sets().get(index).clusterCount() - pool.space().usedCount(index);
    }

    void cancel() {
        Relocation current = relocation;
        if (current != null) {
            current.cancel();
        }
    }
}

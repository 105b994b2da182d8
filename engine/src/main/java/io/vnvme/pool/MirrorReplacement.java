package io.vnvme.pool;

import io.vnvme.drive.Drive;
import io.vnvme.pool.PoolException.Reason;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.mirror.MirrorException;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.pool.mirror.ReplicaState;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Puts a drive in the place of one of a mirror, while the pool is in use. On the pool's reactor. */
public final class MirrorReplacement {
    private MirrorReplacement() {}

    /**
     * Replaces a drive; the new one is filled from the others from now on.
     *
     * @param old identity of the drive that goes; whether it still works or not
     * @param identity of the drive that comes, which is claimed and in no pool
     * @param done told when the pool's superblocks name the new drive
     */
    public static void replace(
            Pool pool, MirrorSet mirror, UUID old, UUID identity, String driveName, Drive drive, Done done) {
        exchange(pool, mirror, old, identity, driveName, drive, done);
    }

    /**
     * Takes back a drive that was lost; it gets what it lacks.
     *
     * @param identity of the drive, which was not written by anybody since
     * @param done told when the pool's superblocks are on it
     */
    public static void rejoin(Pool pool, MirrorSet mirror, UUID identity, String driveName, Drive drive, Done done) {
        exchange(pool, mirror, identity, identity, driveName, drive, done);
    }

    private static void exchange(
            Pool pool, MirrorSet mirror, UUID old, UUID identity, String driveName, Drive drive, Done done) {
        MemberRecord record = pool.config().members().stream()
                .filter(member -> member.drive().equals(old))
                .findFirst()
                .orElse(null);
        if (record == null) {
            done.done(new PoolException(Reason.NO_SUCH_NAME, "pool %s has no drive %s".formatted(pool.name(), old)));
            return;
        }
        boolean knows = old.equals(identity);
        try {
            if (!knows && mirror.state(record.replica()) != ReplicaState.STALE) {
                mirror.detach(record.replica());
            }
            mirror.attach(record.replica(), drive, knows);
        } catch (MirrorException e) {
            done.done(new PoolException(Reason.UNSUITABLE, "pool %s: %s".formatted(pool.name(), e.line())));
            return;
        }
        MemberRecord changed =
                new MemberRecord(identity, record.set(), record.replica(), MemberRecord.State.REBUILDING);
        List<MemberRecord> records = new ArrayList<>(pool.config().members());
        records.set(records.indexOf(record), changed);
        // Superblocks go to it from now on, by this way to it and no other.
        List<PoolMember> members = new ArrayList<>(pool.members());
        members.removeIf(member -> member.record().drive().equals(old));
        members.add(new PoolMember(changed, driveName, drive.sizeBytes(), drive));
        pool.members(members, pool.config().with(pool.config().sets(), records));
        pool.checkpoint().left(identity);
        pool.checkpoint().request(false, done);
    }
}

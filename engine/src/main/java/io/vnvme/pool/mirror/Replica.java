package io.vnvme.pool.mirror;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import org.jspecify.annotations.Nullable;

/** One place of a mirror, and the drive that is in it. */
final class Replica {
    final int slot;

    @Nullable
    Drive drive;

    ReplicaState state;
    /** Which stale bits are its own; {@link MirrorHeader#NO_PLANE} while it is current. */
    int plane;
    /** While stale: the last header that its drive can have. */
    long lastGeneration;
    /** While stale: who went on without it from a load on; 0 when it was left in use. */
    int heirs;
    /** Where the last read ended: one that goes on there is served best by the same drive. */
    long lastReadEnd;
    /** Work that has not ended. */
    int outstanding;

    Replica(int slot, MirrorHeader.Slot record, @Nullable Drive drive) {
        this.slot = slot;
        this.drive = drive;
        state = record.state();
        plane = record.plane();
        lastGeneration = record.lastGeneration();
        heirs = record.heirs();
    }

    boolean current() {
        return state == ReplicaState.CURRENT && drive != null;
    }

    /** True when every write has to reach it. */
    boolean takesPart() {
        return state != ReplicaState.STALE && drive != null;
    }

    /** The drive of a replica that takes part. */
    Drive drive() {
        Drive there = drive;
        if (there == null) {
            throw new IllegalStateException("replica " + slot + " has no drive");
        }
        return there;
    }

    /** Gives work to the drive. @return an {@link IoStatus}; the end of what is PENDING is told to {@link #ended} */
    int submit(Io io) {
        int status = drive().submit(io);
        if (status == IoStatus.PENDING) {
            outstanding++;
        }
        return status;
    }

    void ended() {
        outstanding--;
    }

    MirrorHeader.Slot record() {
        return new MirrorHeader.Slot(state, plane, lastGeneration, heirs);
    }
}

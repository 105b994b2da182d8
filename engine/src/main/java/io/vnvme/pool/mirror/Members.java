package io.vnvme.pool.mirror;

import io.vnvme.drive.Drive;
import io.vnvme.drive.IoStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The replicas of a mirror, and their ways from one state to another; each is recorded. */
final class Members implements MirrorLog.Owner {
    private final String name;
    private final long sizeBytes;
    private final Replica[] replicas;
    private final BitPages pages;
    private final RegionMarks marks;
    private final MirrorLog log;
    private final MirrorListener listener;
    /** Slots that were current until the mirror was loaded without their drives. */
    private final List<Integer> left;

    private @Nullable Maintenance maintenance;
    private int blockSizeBytes;
    private boolean synchronous;

    Members(String name, MirrorImage image, Replica[] replicas, RegionMarks marks, MirrorListener listener) {
        this.name = name;
        this.sizeBytes = image.header().sizeBytes();
        this.replicas = replicas;
        this.pages = image.pages();
        this.marks = marks;
        this.listener = listener;
        left = image.left();
        log = new MirrorLog(image.header(), pages, replicas, this);
        blockSizeBytes = 512;
        measure();
    }

    void maintainedBy(Maintenance newMaintenance) {
        maintenance = newMaintenance;
    }

    MirrorLog log() {
        return log;
    }

    Replica[] replicas() {
        return replicas;
    }

    int blockSizeBytes() {
        return blockSizeBytes;
    }

    /** True when every replica that takes part ends its work inside {@code submit}. */
    boolean synchronous() {
        return synchronous;
    }

    int currentCount() {
        int count = 0;
        for (Replica replica : replicas) {
            count += replica.current() ? 1 : 0;
        }
        return count;
    }

    private void measure() {
        synchronous = true;
        for (Replica replica : replicas) {
            if (replica.drive != null) {
                // What was promised to the layers above stays, also when the drive goes.
                blockSizeBytes = Math.max(blockSizeBytes, replica.drive().blockSizeBytes());
                synchronous &= !replica.takesPart() || replica.drive().synchronous();
            }
        }
    }

    /** The mirror as it was found becomes the mirror in use. */
    void start() {
        Plane intent = marks.intent();
        for (Replica replica : replicas) {
            if (replica.state != ReplicaState.CURRENT) {
                // Of a write in flight at a crash nobody knows whether its stale bit was already on the drive.
                marks.lacking(replica).addAll(intent);
                replica.state = replica.drive == null ? ReplicaState.STALE : ReplicaState.REBUILDING;
            }
        }
        pages.dirtyAll();
        statesChanged();
        left.forEach(slot -> listener.replicaFailed(slot, IoStatus.GONE));
        for (Replica replica : replicas) {
            if (replica.state == ReplicaState.CURRENT && replica.drive == null) {
                drop(replica.slot, IoStatus.GONE);
            }
        }
        if (currentCount() > 1) {
            for (int region = intent.next(0); region >= 0; region = intent.next(region + 1)) {
                marks.doubt(region);
            }
        }
    }

    private void statesChanged() {
        marks.statesChanged();
        measure();
        log.recordStates();
        Maintenance told = maintenance;
        if (told != null) {
            told.membersChanged();
        }
    }

    /** A replica takes no part any more; the last current one always does. */
    void drop(int slot, int status) {
        Replica replica = replicas[slot];
        boolean current = replica.state == ReplicaState.CURRENT;
        if (replica.state == ReplicaState.STALE || current && othersCurrent(slot) == 0) {
            return;
        }
        marks.lost(replica);
        replica.state = ReplicaState.STALE;
        replica.lastGeneration = log.startedGeneration();
        replica.heirs = 0;
        statesChanged();
        listener.replicaFailed(slot, status);
    }

    private int othersCurrent(int slot) {
        return currentCount() - (replicas[slot].current() ? 1 : 0);
    }

    /** A rebuilt replica has everything. */
    void becomesCurrent(Replica replica) {
        replica.state = ReplicaState.CURRENT;
        replica.plane = MirrorHeader.NO_PLANE;
        statesChanged();
        listener.replicaCurrent(replica.slot);
    }

    void detach(int slot) {
        if (!letGo(slot, IoStatus.GONE)) {
            throw new MirrorException("replica %d is the only one with all data of %s".formatted(slot, name));
        }
    }

    /** @return false when no other one has all data */
    boolean letGo(int slot, int status) {
        if (othersCurrent(slot) == 0) {
            return false;
        }
        drop(slot, status);
        return true;
    }

    @Nullable
    Drive attach(int slot, Drive drive, boolean knows) {
        Replica replica = replicas[slot];
        if (replica.state != ReplicaState.STALE) {
            throw new MirrorException("replica %d of %s has a drive that works".formatted(slot, name));
        }
        if (replica.outstanding > 0) {
            throw new MirrorException("%d requests to the former drive of replica %d of %s have not ended"
                    .formatted(replica.outstanding, slot, name));
        }
        if (drive.sizeBytes() < sizeBytes) {
            throw new MirrorException("drive %s has %d bytes, too few for %s, which has %d"
                    .formatted(drive.name(), drive.sizeBytes(), name, sizeBytes));
        }
        if (drive.blockSizeBytes() > blockSizeBytes) {
            throw new MirrorException("drive %s has blocks of %d bytes, %s has %d"
                    .formatted(drive.name(), drive.blockSizeBytes(), name, blockSizeBytes));
        }
        if (!knows) {
            marks.lacking(replica).setAll();
        }
        Drive former = replica.drive;
        replica.drive = drive;
        replica.state = ReplicaState.REBUILDING;
        pages.dirtyAll();
        statesChanged();
        return former;
    }

    @Override
    public void areaFailed(int slot, int status) {
        drop(slot, status);
    }

    @Override
    public void logStopped() {
        listener.stopped();
    }

    @Override
    public void recorded() {
        Maintenance told = maintenance;
        if (told != null) {
            told.wakeWaiting();
        }
    }
}

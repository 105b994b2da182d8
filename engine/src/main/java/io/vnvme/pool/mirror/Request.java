package io.vnvme.pool.mirror;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;

/** One unit of work on its way through a mirror, with a child for each replica. Pooled. */
final class Request implements Io.Completion {
    private final MirrorSet set;
    final Io[] children = new Io[AreaGeometry.REPLICAS_MAX];
    /** What the layer above gave. */
    Io parent;
    /** Replicas that did it, or failed at it; of a read: those tried. */
    int succeeded;

    int failed;
    int status;
    /** Work given to drives that has not ended. */
    int pending;
    /** Place among the writes under way; -1: it is not one. */
    int activeIndex = -1;

    Request(MirrorSet set) {
        this.set = set;
        parent = new Io(this);
        for (int slot = 0; slot < children.length; slot++) {
            children[slot] = new Io(this);
        }
    }

    void begin(Io io) {
        parent = io;
        succeeded = 0;
        failed = 0;
        status = IoStatus.OK;
        pending = 0;
    }

    /** The same work for one replica. */
    Io child(int slot) {
        Io child = children[slot];
        child.prepare(parent.operation(), parent.offsetBytes(), parent.lengthBytes(), parent.forceUnitAccess());
        child.data().copyOf(parent.data());
        return child;
    }

    /** Counts how the work on one replica ended. */
    void count(int slot, int childStatus) {
        if (childStatus == IoStatus.OK) {
            succeeded |= 1 << slot;
        } else {
            failed |= 1 << slot;
            status = childStatus;
        }
    }

    boolean overlaps(long offsetBytes, long endBytes) {
        return parent.offsetBytes() < endBytes && offsetBytes < parent.offsetBytes() + parent.lengthBytes();
    }

    @Override
    public void completed(Io io, int childStatus) {
        int slot = 0;
        while (children[slot] != io) {
            slot++;
        }
        set.childEnded(slot);
        if (parent.operation() == Io.READ) {
            set.readEnded(this, slot, childStatus);
            return;
        }
        count(slot, childStatus);
        if (--pending == 0) {
            set.writeEnded(this);
        }
    }
}

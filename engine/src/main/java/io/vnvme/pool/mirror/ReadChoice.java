package io.vnvme.pool.mirror;

import io.vnvme.drive.Io;

/** Which replica a read goes to. */
final class ReadChoice {
    private final Replica[] replicas;
    private final RegionMarks marks;
    private int last;

    ReadChoice(Replica[] replicas, RegionMarks marks) {
        this.replicas = replicas;
        this.marks = marks;
    }

    /**
     * Returns the slot to read from, or -1 when there is none: where replicas may differ the first one; else the one that a read
     * goes on at, then the least busy, then each in turn.
     *
     * @param excluded slots that were tried already
     */
    int of(Io io, int excluded) {
        boolean first = marks.unsynced(io.offsetBytes(), io.lengthBytes());
        int best = -1;
        for (int i = 1; i <= replicas.length; i++) {
            int slot = first ? i - 1 : (last + i) % replicas.length;
            Replica replica = replicas[slot];
            if (!replica.current() || (excluded >> slot & 1) != 0) {
                continue;
            }
            if (first || replica.lastReadEnd == io.offsetBytes()) {
                best = slot;
                break;
            }
            if (best < 0 || replica.outstanding < replicas[best].outstanding) {
                best = slot;
            }
        }
        if (best >= 0) {
            last = best;
            replicas[best].lastReadEnd = io.offsetBytes() + io.lengthBytes();
        }
        return best;
    }
}

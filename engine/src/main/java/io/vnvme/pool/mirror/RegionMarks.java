package io.vnvme.pool.mirror;

import java.util.Arrays;

/** Which regions have writes in flight, which a replica lacks, and which the replicas may differ in. */
final class RegionMarks {
    private final Replica[] replicas;
    private final Plane intent;
    private final Plane[] planes;
    /** By region of intent: written to since the last sweep, to be cleared by this sweep, not equal on all yet. */
    private final long[] touched;

    private final long[] candidates;
    private final long[] unsynced;
    private int unsyncedCount;
    private boolean stale;

    RegionMarks(BitPages pages, Replica[] replicas, long sizeBytes) {
        this.replicas = replicas;
        int count = replicas.length;
        intent = new Plane(pages, 0, AreaGeometry.intentShift(sizeBytes), sizeBytes);
        planes = new Plane[AreaGeometry.planeCount(count)];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = new Plane(
                    pages, AreaGeometry.firstPage(i, count), AreaGeometry.staleShift(sizeBytes, count), sizeBytes);
        }
        int words = (intent.regionCount() + 63) / 64;
        touched = new long[words];
        candidates = new long[words];
        unsynced = new long[words];
        statesChanged();
    }

    /** To be called whenever a replica's state changed. */
    void statesChanged() {
        stale = false;
        for (Replica replica : replicas) {
            stale |= replica.state == ReplicaState.STALE;
        }
    }

    Plane intent() {
        return intent;
    }

    /** The regions that a replica lacks, which is not current. */
    Plane lacking(Replica replica) {
        return planes[replica.plane];
    }

    /** True when a write to the range may begin: what has to be known of it after a crash is on the drives. */
    boolean marked(long offsetBytes, long lengthBytes) {
        if (!intent.certain(offsetBytes, lengthBytes)) {
            return false;
        }
        if (stale) {
            for (Replica replica : replicas) {
                if (replica.state == ReplicaState.STALE && !lacking(replica).certain(offsetBytes, lengthBytes)) {
                    return false;
                }
            }
        }
        return true;
    }

    void mark(long offsetBytes, long lengthBytes) {
        touch(offsetBytes, lengthBytes);
        intent.set(offsetBytes, lengthBytes);
        for (Replica replica : replicas) {
            if (replica.state == ReplicaState.STALE) {
                lacking(replica).set(offsetBytes, lengthBytes);
            }
        }
    }

    void touch(long offsetBytes, long lengthBytes) {
        int last = intent.region(offsetBytes + lengthBytes - 1);
        for (int region = intent.region(offsetBytes); region <= last; region++) {
            touched[region >> 6] |= 1L << region;
        }
    }

    /** A replica takes no part from now on: it lacks what it lacked, and whatever is or was lately being written. */
    void lost(Replica replica) {
        if (replica.plane == MirrorHeader.NO_PLANE) {
            replica.plane = freePlane();
            lacking(replica).clearAll();
        }
        lacking(replica).addAll(intent);
    }

    private int freePlane() {
        int used = 0;
        for (Replica replica : replicas) {
            used |= replica.plane == MirrorHeader.NO_PLANE ? 0 : 1 << replica.plane;
        }
        return Integer.numberOfTrailingZeros(~used);
    }

    // ---- regions that replicas may differ in

    boolean unsynced(long offsetBytes, long lengthBytes) {
        if (unsyncedCount == 0) {
            return false;
        }
        int last = intent.region(offsetBytes + lengthBytes - 1);
        for (int region = intent.region(offsetBytes); region <= last; region++) {
            if ((unsynced[region >> 6] >>> region & 1) != 0) {
                return true;
            }
        }
        return false;
    }

    /** The replicas may differ here, as after a write that no replica ended well. */
    void doubt(int region) {
        if ((unsynced[region >> 6] >>> region & 1) == 0) {
            unsynced[region >> 6] |= 1L << region;
            unsyncedCount++;
        }
    }

    /** The replicas are equal here. */
    void synced(int region) {
        if ((unsynced[region >> 6] >>> region & 1) != 0) {
            unsynced[region >> 6] &= ~(1L << region);
            unsyncedCount--;
        }
    }

    int unsyncedCount() {
        return unsyncedCount;
    }

    /** First region from {@code from} on that replicas may differ in, or -1. */
    int nextUnsynced(int from) {
        for (int region = from; region < intent.regionCount(); region = (region | 63) + 1) {
            long word = unsynced[region >> 6] >>> region;
            if (word != 0) {
                return region + Long.numberOfTrailingZeros(word);
            }
        }
        return -1;
    }

    // ---- taking marks of intent back

    /**
     * Chooses the marks that can go: nothing was written there since the last time, and replicas are equal there.
     *
     * @param all also where something was written since
     * @return whether there are any
     */
    boolean chooseCandidates(boolean all) {
        boolean any = false;
        Arrays.fill(candidates, 0);
        for (int region = intent.next(0); region >= 0; region = intent.next(region + 1)) {
            long bit = 1L << region;
            int word = region >> 6;
            if ((all || (touched[word] & bit) == 0) && (unsynced[word] & bit) == 0) {
                candidates[word] |= bit;
                any = true;
            }
            touched[word] &= ~bit;
        }
        return any;
    }

    /** Writes to the range are under way: its mark stays. */
    void keep(long offsetBytes, long lengthBytes) {
        int last = intent.region(offsetBytes + lengthBytes - 1);
        for (int region = intent.region(offsetBytes); region <= last; region++) {
            candidates[region >> 6] &= ~(1L << region);
        }
    }

    /** All replicas were flushed since the candidates were chosen. */
    void clearCandidates() {
        for (int region = intent.next(0); region >= 0; region = intent.next(region + 1)) {
            long bit = 1L << region;
            int word = region >> 6;
            if ((candidates[word] & bit) != 0 && (touched[word] & bit) == 0 && (unsynced[word] & bit) == 0) {
                intent.clear(region);
            }
        }
    }
}

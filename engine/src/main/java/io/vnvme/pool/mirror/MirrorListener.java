package io.vnvme.pool.mirror;

/** Told what happens to a mirror, on its reactor. */
public interface MirrorListener {
    /**
     * A replica takes no part any more.
     *
     * @param status the {@link io.vnvme.drive.IoStatus} that it answered with
     */
    void replicaFailed(int slot, int status);

    /** A replica has all of the mirror's content now. */
    void replicaCurrent(int slot);

    /** A rebuild cannot go on: no replica can read this range. The replica is stale again. */
    void rebuildFailed(int slot, long offsetBytes, long lengthBytes);

    /** What could not be read from a replica, or was wrong there, was written anew. */
    void repaired(int slot, long offsetBytes, long lengthBytes);

    /** Its own records cannot be written any more: every write fails from now on. */
    void stopped();
}

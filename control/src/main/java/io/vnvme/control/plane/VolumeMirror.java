package io.vnvme.control.plane;

import java.time.Duration;
import java.util.Optional;

/** A volume that is copied to a namespace of another machine while it is in use, and kept the same there until it is frozen. */
public interface VolumeMirror extends AutoCloseable {
    /** How far it is, a moment ago. */
    VolumeMove.State state();

    /** Why it cannot go on; nothing while it can. Who uses the volume never notices. While it is frozen nothing ends it. */
    Optional<String> failure();

    /** Whether so little is left that a freeze would be short. */
    boolean ready();

    /**
     * Holds all up that use the volume, copies the rest and makes it durable there. Whatever the target does, this answers half a
     * second after the limit at the latest.
     *
     * @param limit longest that they are held up for the rest
     * @return true: they wait for {@link #thaw} or {@link #close}, and both are the same; false: they go on, and the copy does too
     *     unless there is a {@link #failure}
     */
    boolean freeze(Duration limit);

    /** Who was held up goes on with the volume, and the copy goes on too; nothing if nobody was. */
    void thaw();

    /**
     * All reservations of the namespace, those too that a power loss would end and that are kept nowhere, as they are now, or stay
     * while it is frozen: for {@link DataPlane.Export#reservations} of the other end.
     */
    byte[] reservations();

    /**
     * Ends it, frozen or not: who was held up goes on with the volume at once. Returns when nothing of it can reach the target any
     * more, which takes as long as a target that does not answer might still carry out what it was told.
     */
    @Override
    void close();
}

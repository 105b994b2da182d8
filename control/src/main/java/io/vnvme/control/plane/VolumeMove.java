package io.vnvme.control.plane;

import java.time.Duration;
import java.util.Optional;

/** A volume on its way to another pool while it is in use. Closing it ends the copy; nothing of that was seen by who uses it. */
public interface VolumeMove extends AutoCloseable {
    /**
     * How far it is, a moment ago.
     *
     * @param round how many times it went over what is to be copied; 0: not begun
     * @param copiedBytes in all rounds
     * @param dirtyBytes that are still to be copied
     * @param bytesPerSecond of the last round that says something
     * @param slowed guests' writes wait for the copy, since it would not come to an end otherwise
     * @param gapNanos for how long guests were held up by the switch, or a try
     */
    record State(int round, long copiedBytes, long dirtyBytes, long bytesPerSecond, boolean slowed, long gapNanos) {}

    State state();

    /** Why it cannot go on; nothing while it can. */
    Optional<String> failure();

    /** Whether so little is left that the switch would be short. */
    boolean ready();

    /**
     * Holds guests up, copies the rest, makes it durable, and has them go on with the copy.
     *
     * @param limit longest that they are held up for the rest
     * @param commit what says that from now on the copy is what counts: when it fails, guests go on with what they had
     * @return false when it would have taken longer: guests go on with what they had, and the copy does too
     */
    boolean switchOver(Duration limit, Runnable commit);

    /** Ends the copy, if it was not switched to: guests go on with what they had. What is on its way to the target may still be. */
    void cancel();

    /** Ends the copy, and waits until nothing of it is under way. */
    @Override
    void close();
}

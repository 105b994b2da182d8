package io.vnvme.testkit.powercut;

import io.vnvme.reactor.Poller;
import io.vnvme.volume.Volume;
import org.jspecify.annotations.Nullable;

/**
 * What is simulated, while it runs: volumes and snapshots on drives, which it polls. Every call is on the thread that
 * steps it.
 */
public interface Store extends Poller {
    /** How a change ended. */
    @FunctionalInterface
    interface Outcome {
        /** @param refusal why nothing was changed; null when the change is done and durable */
        void ended(@Nullable String refusal);
    }

    /** The volume or snapshot of that name: it is there. */
    Volume volume(String name);

    /** Whether names and sizes can change at all. */
    boolean changeable();

    /** @param sizeBytes a multiple of 4096 */
    void create(String name, long sizeBytes, int blockSizeBytes, boolean thick, Outcome outcome);

    void snapshot(String volume, String snapshot, Outcome outcome);

    /** @param source a snapshot, as {@code NAME@SNAP} */
    void clone(String source, String name, Outcome outcome);

    void remove(String name, Outcome outcome);

    void rollback(String volume, String snapshot, Outcome outcome);

    void rename(String from, String to, Outcome outcome);

    void resize(String name, long sizeBytes, Outcome outcome);

    /** Whether some writes wait for space. */
    boolean waitsForSpace();

    /** Nothing is left to do in the background. */
    boolean settled();

    /** Clusters in use, exactly, while {@link #settled}. */
    long usedClusters();

    /** Ends cleanly: everything that was completed is durable when it is done. Nothing is asked of it afterwards. */
    void close(Outcome outcome);

    /** The power was cut: gives its memory back. */
    void giveUp();
}

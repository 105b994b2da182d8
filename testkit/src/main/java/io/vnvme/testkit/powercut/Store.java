package io.vnvme.testkit.powercut;

import io.vnvme.reactor.Poller;
import io.vnvme.volume.Volume;
import java.util.SplittableRandom;
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

    /** Whether a wrong block of that volume is found out. */
    default boolean guarded(String name) {
        return false;
    }

    /** Lets something happen to the drives, when it can: one joins, leaves, dies, comes back. */
    default void disturb(SplittableRandom random) {}

    /** False while a power cut would be one accident too many for what has to be kept. */
    default boolean mayBeCut() {
        return true;
    }

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

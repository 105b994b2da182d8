package io.vnvme.testkit.powercut;

import io.vnvme.reactor.Clock;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A way to keep volumes on drives. One object serves one simulation. */
public interface StoreKind extends AutoCloseable {
    /** The drives that a simulation shall have. */
    List<DriveShape> drives(SplittableRandom random);

    /**
     * Writes an empty store, durable when it returns.
     *
     * @return volumes that are there from the start, with their sizes in bytes
     */
    Map<String, Long> format(List<PowerCutDrive> drives, SplittableRandom random);

    /** Takes what is on the drives into use. Drives that were not there for the last {@link #recover} stay away. */
    Store start(List<PowerCutDrive> drives, Clock clock);

    /**
     * Finds what is on the images, without changing what a cut of the same moment would find again. Drives that can be
     * done without may be left out.
     */
    Recovered recover(List<CutImage> images, Clock clock);

    /** The next {@link #recover} finds everything anew: what it writes on the way is to stay. */
    default void forget() {}

    /** Whether there is something to {@link Store#disturb}. */
    default boolean disturbed() {
        return false;
    }

    /** Whether that drive loses writes with checksums now and then, or puts them elsewhere. */
    default boolean prone(int drive) {
        return false;
    }

    /** Whether what such a drive did may be an error, because there is no second copy. */
    default boolean alone() {
        return true;
    }

    /** The simulation is over. */
    @Override
    default void close() {}

    /**
     * A drive.
     *
     * @param blockSizeBytes 512 or 4096
     */
    record DriveShape(long sizeBytes, int blockSizeBytes) {}
}

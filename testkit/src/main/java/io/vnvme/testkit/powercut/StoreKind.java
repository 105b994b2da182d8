package io.vnvme.testkit.powercut;

import io.vnvme.reactor.Clock;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A way to keep volumes on drives. One object serves one simulation. */
public interface StoreKind {
    /** The drives that a simulation shall have. */
    List<DriveShape> drives(SplittableRandom random);

    /**
     * Writes an empty store, durable when it returns.
     *
     * @return volumes that are there from the start, with their sizes in bytes
     */
    Map<String, Long> format(List<PowerCutDrive> drives, SplittableRandom random);

    /** Takes what is on the drives into use. */
    Store start(List<PowerCutDrive> drives, Clock clock);

    /** Finds what is on the images, without changing what a cut of the same moment would find again. */
    Recovered recover(List<CutImage> images, Clock clock);

    /**
     * A drive.
     *
     * @param blockSizeBytes 512 or 4096
     */
    record DriveShape(long sizeBytes, int blockSizeBytes) {}
}

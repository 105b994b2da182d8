package io.vnvme.testkit.powercut;

import io.vnvme.drive.Drive;
import io.vnvme.drive.SectorDrive;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Drives as a pool uses them: by sectors, whatever their blocks are. */
final class Uses implements AutoCloseable {
    private final List<PowerCutDrive> drives;
    private final @Nullable Drive[] uses;

    Uses(List<PowerCutDrive> drives) {
        this.drives = drives;
        uses = new Drive[drives.size()];
    }

    Drive of(int index) {
        Drive use = uses[index];
        if (use == null) {
            PowerCutDrive drive = drives.get(index);
            use = drive.blockSizeBytes() > PowerCutDrive.SECTOR ? new SectorDrive(drive) : drive;
            uses[index] = use;
        }
        return use;
    }

    /** Gives memory back; nothing is asked of them any more. */
    @Override
    public void close() {
        for (Drive use : uses) {
            if (use instanceof SectorDrive sectors) {
                sectors.close();
            }
        }
    }
}

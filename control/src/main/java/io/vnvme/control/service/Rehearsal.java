package io.vnvme.control.service;

import io.vnvme.control.auth.Caller;
import io.vnvme.control.event.EventLog;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.store.OpeningMarks;
import io.vnvme.control.store.StateFile;
import io.vnvme.control.store.TargetKeyFile;
import io.vnvme.control.trace.Traces;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes and removes a pool and vNVMes that nobody asked for, in RAM, in a folder and a state of its own, before the daemon
 * serves.
 *
 * <p>The first ones cost ten times what every later one does, because the JVM loads and links what makes them: a tenth of
 * a second that the start can bear, and whoever creates the first vNVMe need not. The last one has a guest for a moment:
 * compiled code is there when the first real guest comes.
 */
final class Rehearsal {
    private static final Logger LOG = System.getLogger(Rehearsal.class.getName());
    private static final String NAME = "r";
    private static final int ROUNDS = 3;
    /** Room for all that the guest writes, and for the pool's own. */
    private static final long DRIVE_BYTES = 4 * DriveSpec.SIZE_MIN;

    private Rehearsal() {}

    /**
     * Leaves nothing behind. A failure is logged and means nothing: what is wrong will show where it matters.
     *
     * @param guestLength how long the guest works; zero: there is none
     */
    static void run(Path runDir, DataPlane dataPlane, Duration guestLength) {
        Path folder = runDir.resolve(".r");
        try {
            Files.createDirectories(folder);
            Registry registry = new Registry(new StateFile(folder));
            try (EventLog events = new EventLog(folder);
                    Jobs jobs = new Jobs(folder, events, InstantSource.system(), Caller::currentName, Traces.none())) {
                RemoteKeys keys = new RemoteKeys(new TargetKeyFile(folder));
                List<RamOffer> offers = List.of(new RamOffer(NAME, DRIVE_BYTES));
                OpeningMarks marks = new OpeningMarks(folder, InstantSource.system());
                run(
                        new Storage(registry, dataPlane, events, jobs, keys, offers, folder, marks),
                        dataPlane,
                        guestLength);
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "rehearsal failed", e);
        } finally {
            clear(folder);
        }
    }

    private static void run(Storage storage, DataPlane dataPlane, Duration guestLength) {
        storage.drives.claim(ClaimDrive.of(NAME, null, null, false));
        try {
            storage.pools.create(new CreatePool(NAME, List.of(NAME), null));
            for (int round = 0; round < ROUNDS; round++) {
                storage.volumes.create(CreateVnvme.thin(NAME, DriveSpec.SIZE_MIN), NAME);
                if (round == ROUNDS - 1 && guestLength.isPositive()) {
                    dataPlane.rehearse(NAME, guestLength);
                }
                storage.volumes.remove(NAME);
            }
        } finally {
            storage.exports.closeAll();
            storage.pools.destroy(NAME, true);
            storage.drives.release(NAME);
        }
    }

    private static void clear(Path folder) {
        try {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                    Files.delete(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            LOG.log(Level.WARNING, "folder {0} is left: {1}", folder, e.getMessage());
        }
    }
}

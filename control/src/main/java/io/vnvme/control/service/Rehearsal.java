package io.vnvme.control.service;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.store.StateFile;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes and removes a vNVMe that nobody asked for, in a folder and a state of its own, before the daemon serves.
 *
 * <p>The first one costs ten times what every later one does, because the JVM loads and links what makes it: a tenth of
 * a second that the start can bear, and whoever creates the first vNVMe need not.
 */
final class Rehearsal {
    private static final Logger LOG = System.getLogger(Rehearsal.class.getName());
    private static final String NAME = "r";
    private static final long SIZE_BYTES = Allocation.ALIGNMENT_BYTES;
    private static final int ROUNDS = 3;

    private Rehearsal() {}

    /** Leaves nothing behind. A failure is logged and means nothing: what is wrong will show where it matters. */
    static void run(Path runDir, DataPlane dataPlane) {
        Path folder = runDir.resolve(".r");
        try {
            Files.createDirectories(folder);
            Registry registry = new Registry(new StateFile(folder));
            Drives drives = new Drives(registry, dataPlane, List.of(new RamOffer(NAME, SIZE_BYTES)));
            Vnvmes vnvmes = new Vnvmes(registry, dataPlane, drives, folder);
            drives.claim(NAME);
            try {
                for (int round = 0; round < ROUNDS; round++) {
                    vnvmes.create(new CreateVnvme(NAME, SIZE_BYTES, null, false, null));
                    vnvmes.remove(NAME);
                }
            } finally {
                vnvmes.closeAll();
                dataPlane.closeDrive(NAME);
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "rehearsal failed", e);
        } finally {
            clear(folder);
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

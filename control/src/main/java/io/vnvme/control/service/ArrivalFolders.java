package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** A folder for each VM that is on its way, where its QEMU makes a socket that nobody else may connect to. */
final class ArrivalFolders {
    private static final Logger LOG = System.getLogger(ArrivalFolders.class.getName());
    /** A socket's path is short. */
    private static final int NAME_LENGTH = 8;

    private final Path root;

    /** @param root of them all */
    ArrivalFolders(Path root) {
        this.root = root;
    }

    Path root() {
        return root;
    }

    private Path folder(String id) {
        return root.resolve(id.substring(0, NAME_LENGTH));
    }

    /**
     * Makes one.
     *
     * @param pid of the QEMU, whose user's it is
     */
    Path own(String id, Optional<Long> pid) {
        Path folder = folder(id);
        try {
            Files.createDirectories(root);
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Object mine = Files.getAttribute(folder, "unix:uid");
            Object its = pid.isEmpty()
                    ? mine
                    : Files.getAttribute(Path.of("/proc", pid.get().toString()), "unix:uid");
            if (!its.equals(mine)) {
                Files.setAttribute(folder, "unix:uid", its);
            }
            return folder;
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED, "folder %s cannot be made: %s".formatted(folder, e.getMessage()), e);
        }
    }

    void remove(String id) {
        try {
            Files.deleteIfExists(folder(id).resolve("gdb"));
            Files.deleteIfExists(folder(id));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "folder {0} is left: {1}", folder(id), e.getMessage());
        }
    }
}

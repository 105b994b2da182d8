package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.vm.Libvirt;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** The folder of each vNVMe with its socket, and the further names of that. */
final class SocketFolders {
    private static final Logger LOG = System.getLogger(SocketFolders.class.getName());
    /** sun_path of a Unix socket has 108 bytes with the terminating 0. */
    private static final int SOCKET_PATH_MAX = 107;

    private final Path root;

    /** @param root folder that gets a folder for each vNVMe */
    SocketFolders(Path root) {
        this.root = root;
    }

    private Path folder(String name) {
        return root.resolve(name);
    }

    Path socket(String name) {
        return folder(name).resolve("cntrl");
    }

    /**
     * The socket under a name for the {@code nth} device of one VM, from 1: QEMU knows a vfio-user device by the path it
     * connected to, and a second one with the same path silences the first.
     *
     * @throws ProblemException when the name cannot be made
     */
    Path socket(String name, int nth) {
        Path socket = socket(name);
        if (nth == 1) {
            return socket;
        }
        Path alias = socket.resolveSibling("%s.%d".formatted(socket.getFileName(), nth));
        try {
            if (Files.notExists(alias, LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(alias, socket.getFileName());
            }
            return alias;
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED, "link %s cannot be made: %s".formatted(alias, e.getMessage()), e);
        }
    }

    /** Another user's for a while; given back when closed. */
    interface Lent extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Lets a QEMU connect that runs as another user: for that moment the socket is its user's, and nobody else's. A connection
     * that is made stays.
     *
     * @throws ProblemException when the daemon may not
     */
    Lent lend(Path socket, Optional<Libvirt.Owner> borrower) {
        if (borrower.isEmpty()) {
            return () -> {};
        }
        try {
            Object own = Files.getAttribute(socket, "unix:uid");
            Files.setAttribute(socket, "unix:uid", borrower.get().uid());
            return () -> giveBack(socket, own);
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED,
                    "%s cannot be opened to user %d, as whom the VM's QEMU runs (%s): run the daemon as root, or as that user"
                            .formatted(socket, borrower.get().uid(), e.getMessage()),
                    e);
        }
    }

    private static void giveBack(Path socket, Object owner) {
        try {
            Files.setAttribute(socket, "unix:uid", owner);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} stays open to the VM''s user: {1}", socket, e.getMessage());
        }
    }

    void make(String name) {
        Path socket = socket(name);
        if (socket.toString().length() > SOCKET_PATH_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_NAME,
                    "%s is longer than the %d bytes a socket path may have: choose a shorter name, or a shorter --run for the daemon"
                            .formatted(socket, SOCKET_PATH_MAX));
        }
        try {
            Files.createDirectories(folder(name));
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED,
                    "folder %s cannot be made: %s".formatted(folder(name), e.getMessage()),
                    e);
        }
    }

    void remove(String name) {
        if (Files.notExists(folder(name))) {
            return;
        }
        try (var entries = Files.list(folder(name))) {
            for (Path entry : entries.toList()) {
                Files.deleteIfExists(entry);
            }
            Files.deleteIfExists(folder(name));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "folder {0} is left: {1}", folder(name), e.getMessage());
        }
    }
}

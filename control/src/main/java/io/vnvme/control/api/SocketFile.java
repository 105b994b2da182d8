package io.vnvme.control.api;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;

/**
 * The file of the Unix socket. Whoever may write it is an administrator, so it is made in a folder that only the
 * daemon's user enters, and appears in its place with its permissions: there is no moment at which others can connect.
 */
final class SocketFile implements AutoCloseable {
    private static final Logger LOG = System.getLogger(SocketFile.class.getName());
    /** Its members may use the API, where the host has such a group. */
    private static final String GROUP = "vnvme";

    private final Path socket;
    private final Path folder;

    /** @param socket where it shall appear; what is there is replaced */
    SocketFile(Path socket) throws IOException {
        this.socket = socket;
        // Short: the path of a Unix socket may have 107 bytes, and is to be no longer than its own.
        this.folder = socket.resolveSibling(".api");
        Files.deleteIfExists(draft());
        Files.deleteIfExists(folder);
        Files.createDirectory(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** What to bind. */
    Path draft() {
        return folder.resolve("s");
    }

    /** Shows what was bound to its owner and group. */
    void show() throws IOException {
        Path draft = draft();
        try {
            GroupPrincipal group =
                    draft.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(GROUP);
            Files.getFileAttributeView(draft, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .setGroup(group);
        } catch (UserPrincipalNotFoundException e) {
            LOG.log(Level.DEBUG, "this host has no group {0}", GROUP);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} could not be given to group {1}: {2}", socket, GROUP, e.getMessage());
        }
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-rw----"));
        Files.move(draft, socket, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Files.delete(folder);
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} could not be removed: {1}", socket, e.getMessage());
        }
    }
}

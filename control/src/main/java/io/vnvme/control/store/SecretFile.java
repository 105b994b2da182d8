package io.vnvme.control.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/** A file of secrets: replaced atomically, and readable by the daemon's user alone. */
final class SecretFile {
    private final Path directory;
    private final Path file;
    private final Path draft;
    private final Disk disk;

    /** @param directory that exists and is writable */
    SecretFile(Path directory, String name, Disk disk) {
        this.directory = directory;
        this.file = directory.resolve(name);
        this.draft = directory.resolve(name + ".new");
        this.disk = disk;
    }

    Path path() {
        return file;
    }

    /** What was saved last; nothing when nothing ever was. */
    Optional<String> read() throws IOException {
        return Files.notExists(file) ? Optional.empty() : Optional.of(Files.readString(file));
    }

    /**
     * Makes {@code text} what the next {@link #read} returns, through any crash.
     *
     * @throws StateFileException when it could not; the file then is the old one, unless the failure came after the
     *     replacement, when either may survive a power cut
     */
    void save(String text) {
        byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            Files.deleteIfExists(draft);
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            disk.write(draft, bytes);
            disk.replace(draft, file);
            disk.sync(directory);
        } catch (IOException e) {
            throw new StateFileException(
                    "%s cannot be written (%s): make room or check the permissions of its folder"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }
}

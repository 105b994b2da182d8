package io.vnvme.control.store;

import io.avaje.jsonb.JsonType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

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
     * What was saved last, understood; nothing when nothing ever was.
     *
     * @param known the version of what this daemon writes
     * @param version of what stands there
     * @param check throws when it makes no sense
     * @param remedy what to do when it cannot be restored
     * @throws StateFileException when it cannot be read or makes no sense, without repeating what stands there
     */
    <C> Optional<C> load(JsonType<C> json, int known, ToIntFunction<C> version, Consumer<C> check, String remedy) {
        C content;
        try {
            Optional<String> text = read();
            if (text.isEmpty()) {
                return Optional.empty();
            }
            content = json.fromJson(text.get());
            if (version.applyAsInt(content) == known) {
                check.accept(content);
                return Optional.of(content);
            }
        } catch (IOException | RuntimeException e) {
            // Without the reason, which may repeat what stands there.
            throw new StateFileException(
                    "%s cannot be read, or is damaged: restore it from a backup, or remove it and %s"
                            .formatted(file, remedy));
        }
        throw new StateFileException("%s has version %d, this daemon knows %d: start the vnvme that wrote it"
                .formatted(file, version.applyAsInt(content), known));
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

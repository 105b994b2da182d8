package io.vnvme.control.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** The UUID by which targets know this daemon, {@code STATE/host-id}: made once, since they allow hosts by it. */
public final class HostIdFile {
    private static final String NAME = "host-id";

    private HostIdFile() {}

    /**
     * Reads it, or makes it.
     *
     * @throws StateFileException when what is there is no UUID: another identity would lose its drives
     */
    public static UUID of(Path stateDir) {
        Path file = stateDir.resolve(NAME);
        try {
            if (Files.exists(file)) {
                return UUID.fromString(Files.readString(file).strip());
            }
            UUID made = UUID.randomUUID();
            Path fresh = stateDir.resolve(NAME + ".new");
            Files.createDirectories(stateDir);
            Disk.REAL.write(fresh, (made + "\n").getBytes(StandardCharsets.US_ASCII));
            Disk.REAL.replace(fresh, file);
            Disk.REAL.sync(stateDir);
            return made;
        } catch (IllegalArgumentException e) {
            throw new StateFileException(
                    "%s is no UUID: restore it, or remove it to be another host".formatted(file), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

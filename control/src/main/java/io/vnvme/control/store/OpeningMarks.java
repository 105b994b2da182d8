package io.vnvme.control.store;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How often the daemon has ended while it took something up: a file {@code opening.UUID} with that number, which is there from
 * before until after. Not forced to the disk: when the host ends, that was not its fault.
 */
public final class OpeningMarks {
    /** What ended it longer ago may have been mended. */
    public static final Duration LIFE = Duration.ofMinutes(10);

    private static final Logger LOG = System.getLogger(OpeningMarks.class.getName());
    private static final String NAME = "opening.";

    /** Files of this process's that are there. */
    private static final Set<Path> PRESENT = ConcurrentHashMap.newKeySet();

    static {
        // Who ends the daemon while it opens pools, as a restart of the service does, does not blame them.
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("opening marks").unstarted(OpeningMarks::endAll));
    }

    private final Path folder;
    private final InstantSource clock;

    public OpeningMarks(Path folder, InstantSource clock) {
        this.folder = folder;
        this.clock = clock;
    }

    private Path file(String uuid) {
        return folder.resolve(NAME + uuid);
    }

    /** How often in a row the daemon ended while it took that up. */
    public int deaths(String uuid) {
        Path file = file(uuid);
        try {
            if (Files.notExists(file)
                    || Files.getLastModifiedTime(file)
                            .toInstant()
                            .isBefore(clock.instant().minus(LIFE))) {
                return 0;
            }
            return Integer.parseInt(Files.readString(file).strip());
        } catch (IOException | NumberFormatException e) {
            LOG.log(Level.WARNING, "{0} cannot be read, and does not count: {1}", file, e);
            return 0;
        }
    }

    /** The same, and one more if the daemon ends before {@link #end}. */
    public void begin(String uuid) {
        try {
            PRESENT.add(file(uuid));
            Files.writeString(file(uuid), Integer.toString(deaths(uuid) + 1));
        } catch (IOException e) {
            // It is taken up all the same: what cannot be counted is no reason not to serve.
            LOG.log(Level.WARNING, "{0} cannot be written: {1}", file(uuid), e);
        }
    }

    /** It has been taken up, or has been found not to be able to. */
    public void end(String uuid) {
        remove(file(uuid));
    }

    private static void remove(Path file) {
        PRESENT.remove(file);
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} cannot be removed: {1}", file, e);
        }
    }

    /** This process is told to end. */
    static void endAll() {
        PRESENT.forEach(OpeningMarks::remove);
    }
}

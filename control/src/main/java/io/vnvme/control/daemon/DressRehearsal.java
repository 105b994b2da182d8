package io.vnvme.control.daemon;

import io.vnvme.control.config.DaemonSettings;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.service.RamOffer;
import io.vnvme.control.service.ServiceSetup;
import io.vnvme.control.service.Services;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A whole daemon in folders of its own, begun and ended before this process serves: what it loads and compiles then, guests do
 * not wait for later.
 */
final class DressRehearsal {
    private static final Logger LOG = System.getLogger(DressRehearsal.class.getName());
    private static final String NAME = "standby.";
    private static final long DRIVE_BYTES = 64 << 20;
    private static final long VNVME_BYTES = 16 << 20;
    private static final Duration LENGTH = Duration.ofSeconds(1);

    private DressRehearsal() {}

    /** Where it fails, the process starts as one that has not rehearsed. */
    static void run(String version, DaemonSettings settings) {
        String own = NAME + ProcessHandle.current().pid();
        // Sockets have short paths, and a drive is a file as those are that wait.
        Path state = settings.stateDir().resolve(own);
        Path run = settings.runDir().resolve(own);
        try {
            try {
                ServiceSetup setup = new ServiceSetup(
                        version, state, run, List.of(RamOffer.parse("1x16M").getFirst()));
                try (Daemon first = start(setup.withRehearsal(LENGTH), settings)) {
                    Services services = first.services();
                    services.drives().claim(ClaimDrive.of(state.resolve("drive").toString(), DRIVE_BYTES, null, false));
                    services.vnvmes().create(CreateVnvme.thin("standby", VNVME_BYTES));
                }
                // What there is at a start is opened again.
                start(setup, settings).close();
            } finally {
                remove(run);
                remove(state);
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.ERROR, "the daemon that stands by has not rehearsed", e);
        }
        removeLeft(settings.stateDir());
        removeLeft(settings.runDir());
    }

    private static Daemon start(ServiceSetup setup, DaemonSettings settings) {
        return new Daemon(setup, () -> EngineDataPlane.start(settings.reactors(), UUID.randomUUID()), 0);
    }

    /** What processes left that were killed meanwhile. */
    private static void removeLeft(Path parent) {
        if (Files.notExists(parent)) {
            return;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, NAME + "[0-9]*")) {
            for (Path folder : all) {
                String pid = folder.getFileName().toString().substring(NAME.length());
                if (pid.chars().allMatch(Character::isDigit)
                        && ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    remove(folder);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.log(Level.WARNING, "what a daemon that stood by left in {0} cannot be removed: {1}", parent, e);
        }
    }

    private static void remove(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (NoSuchFileException | UncheckedIOException e) {
            // Another that stands by may have been at it as well.
            if (Files.exists(folder)) {
                throw new IOException("%s cannot be removed".formatted(folder), e);
            }
        }
    }
}

package io.vnvme.testkit.server;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * What this process holds that clients make it take.
 *
 * @param descriptors sockets, eventfds, epolls, memfds
 * @param mappings of memfds
 */
public record Holdings(long descriptors, long mappings) {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    public static Holdings now() {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"));
                Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return new Holdings(
                    fds.filter(Holdings::counted).count(),
                    maps.filter(line -> line.contains("/memfd:")).count());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until no more than this is held: what clients used is given back after they are gone, not before. */
    public void awaitAgain() {
        await().atMost(LIMIT).until(Holdings::now, now -> now.descriptors <= descriptors && now.mappings <= mappings);
    }

    private static boolean counted(Path fd) {
        try {
            String target = Files.readSymbolicLink(fd).toString();
            return target.startsWith("socket:") || target.startsWith("anon_inode:") || target.startsWith("/memfd:");
        } catch (IOException e) {
            // Closed between the listing and the look.
            return false;
        }
    }
}

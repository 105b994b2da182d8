package io.vnvme.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Counts what this process holds, to show that it is given back. */
final class OpenFds {
    private OpenFds() {}

    /** Sockets, eventfds, epolls and memfds; not the files that class loading opens. */
    static long count() {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.filter(OpenFds::ours).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean ours(Path fd) {
        try {
            String target = Files.readSymbolicLink(fd).toString();
            return target.startsWith("socket:")
                    || target.startsWith("anon_inode:")
                    || target.startsWith("/memfd:")
                    || target.endsWith(".lock");
        } catch (IOException e) {
            // Closed between the listing and the look.
            return false;
        }
    }
}

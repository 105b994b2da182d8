package io.vnvme.bench.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Looks for what a run has left behind, with the system's own eyes. */
final class Leftovers {
    private Leftovers() {}

    /** Child processes, and sockets in the run's folder. Drives in memory have no name and end with their process. */
    static List<String> find(Path folder) throws IOException {
        List<String> left = new ArrayList<>();
        ProcessHandle.current()
                .descendants()
                .filter(ProcessHandle::isAlive)
                .forEach(child -> left.add(
                        "process " + child.pid() + " " + child.info().command().orElse("")));
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(file -> !Files.isDirectory(file) && !Files.isRegularFile(file))
                    .forEach(file -> left.add(file.toString()));
        }
        return left;
    }

    /** Deletes a folder and all in it; one that is not there is fine. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}

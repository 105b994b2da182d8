package io.vnvme.control.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The commands that a document for users shows, in its order. */
final class Document {
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
    private static final String PROGRAM = "vnvme";

    private final Path file;

    private Document(Path file) {
        this.file = file;
    }

    /** @param name below docs/ */
    static Document of(String name) {
        return new Document(HOME.resolve("docs").resolve(name));
    }

    /** All that are for users: those on decisions, formats and the code are left out. */
    static List<Document> all() {
        try (Stream<Path> files = Files.walk(HOME.resolve("docs"))) {
            return Stream.concat(Stream.of(HOME.resolve("README.md")), files)
                    .filter(f -> f.toString().endsWith(".md"))
                    .filter(f -> !f.toString().matches(".*/(adr|formats)/.*|.*/architecture.md"))
                    .sorted()
                    .map(Document::new)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The arguments of each line of code that calls vnvme; what a shell does with them ends at a comment or a pipe. */
    List<List<String>> commands() {
        return commands("");
    }

    /**
     * Those of one section.
     *
     * @param heading without its marks; an empty one stands for the whole document
     */
    List<List<String>> commands(String heading) {
        List<List<String>> commands = new ArrayList<>();
        boolean fenced = false;
        boolean here = heading.isEmpty();
        for (String line : lines()) {
            if (line.startsWith("```")) {
                fenced = !fenced;
            } else if (line.startsWith("#") && !fenced) {
                here = heading.isEmpty() || line.replaceFirst("#+ ", "").equals(heading);
            } else if (here && (fenced || line.startsWith("    "))) {
                words(line).ifPresent(commands::add);
            }
        }
        return commands;
    }

    private List<String> lines() {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<List<String>> words(String line) {
        List<String> words = List.of(line.strip().split("\\s+"));
        int start = words.getFirst().equals("sudo") ? 1 : 0;
        if (words.size() <= start || !words.get(start).replaceFirst("^\\./", "").equals(PROGRAM)) {
            return Optional.empty();
        }
        return Optional.of(words.stream()
                .skip(start + 1)
                .takeWhile(word -> !word.startsWith("#")
                        && !List.of("|", ">", "&", "&&", ";").contains(word))
                .toList());
    }

    @Override
    public String toString() {
        return HOME.relativize(file).toString();
    }
}

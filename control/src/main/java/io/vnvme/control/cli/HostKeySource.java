package io.vnvme.control.cli;

import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.DhHash;
import io.vnvme.fabrics.tls.TlsKey;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where a key comes from that is given to the daemon: never from the command line, which others on the host can see. */
final class HostKeySource {
    private static final String INPUT = "-";
    private static final String GENERATE = "generate";
    private static final long FILE_BYTES_MAX = 4096;

    private HostKeySource() {}

    /**
     * A key.
     *
     * @param from {@code -}, {@code generate}, the path of a file, or nothing for no key
     * @param shown told of one that was made
     */
    static String read(String option, String from, Consumer<String> shown) {
        try {
            return switch (from) {
                case GENERATE -> {
                    String made = option.equals("--tls")
                            ? TlsKey.generate(new SecureRandom()).secret()
                            : ChapKey.generate(Optional.of(DhHash.SHA_256), new SecureRandom())
                                    .secret();
                    shown.accept(made);
                    yield made;
                }
                case INPUT -> line();
                // It is removed.
                case "" -> "";
                default -> file(option, from);
            };
        } catch (IOException e) {
            throw new CliException("%s %s cannot be read: %s".formatted(option, from, e.getMessage()));
        }
    }

    /**
     * A key that the other end has already.
     *
     * @param from as of {@link #read}; null: none is named
     */
    static @Nullable String given(String option, @Nullable String from) {
        if (GENERATE.equals(from)) {
            throw new CliException(
                    "%s generate: the target has to have the same key: have it made there".formatted(option));
        }
        return from == null ? null : read(option, from, _ -> {});
    }

    private static String line() throws IOException {
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        if (line == null || line.isBlank()) {
            throw new CliException("there is no key in the input");
        }
        return line.strip();
    }

    private static String file(String option, String from) throws IOException {
        if (from.contains("-1:")) {
            throw new CliException(
                    "%s takes a file that holds the key, or '-' for the input: others can see what stands in a command"
                            .formatted(option));
        }
        if (Files.size(Path.of(from)) > FILE_BYTES_MAX) {
            throw new CliException(
                    "%s is no file of a key: it is longer than %d bytes".formatted(from, FILE_BYTES_MAX));
        }
        return Files.readString(Path.of(from)).strip();
    }
}

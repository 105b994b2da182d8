package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** {@code tokens.json}: who may come over TCP. Replaced atomically, readable by the daemon's user alone. */
public final class TokenFile {
    private static final String NAME = "tokens.json";
    private static final int VERSION = 1;

    private final SecretFile file;
    private final JsonType<Content> json = Jsonb.builder().build().type(Content.class);

    /**
     * What is in the file.
     *
     * @param version of this layout
     */
    @Json
    record Content(int version, List<TokenRecord> tokens) {}

    /** @param directory that exists and is writable */
    public TokenFile(Path directory) {
        this(directory, Disk.REAL);
    }

    TokenFile(Path directory, Disk disk) {
        this.file = new SecretFile(directory, NAME, disk);
    }

    /**
     * What was saved last; nothing when nothing ever was.
     *
     * @throws StateFileException when it cannot be read or makes no sense: whoever guesses here lets somebody in
     */
    public List<TokenRecord> load() {
        try {
            Optional<String> text = file.read();
            if (text.isEmpty()) {
                return List.of();
            }
            Content content = json.fromJson(text.get());
            if (content.version() != VERSION) {
                throw new StateFileException("%s has version %d, this daemon knows %d: start the vnvme that wrote it"
                        .formatted(file.path(), content.version(), VERSION));
            }
            content.tokens().forEach(TokenFile::check);
            return List.copyOf(content.tokens());
        } catch (IOException | RuntimeException e) {
            if (e instanceof StateFileException known) {
                throw known;
            }
            throw new StateFileException(
                    "%s cannot be read (%s): restore it from a backup, or remove it and make new tokens"
                            .formatted(
                                    file.path(),
                                    String.valueOf(e.getMessage())
                                            .lines()
                                            .findFirst()
                                            .orElse("unknown")),
                    e);
        }
    }

    private static void check(TokenRecord token) {
        if (Role.of(token.role()).isEmpty() || !token.hash().matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("token %s makes no sense".formatted(token.name()));
        }
        Instant created = Instant.parse(token.createdAt());
        if (token.expiresAt() != null && Instant.parse(token.expiresAt()).isBefore(created)) {
            throw new IllegalArgumentException("token %s expired before it was made".formatted(token.name()));
        }
    }

    /**
     * Makes {@code tokens} what the next {@link #load} returns, through any crash.
     *
     * @throws StateFileException as of {@link SecretFile#save}
     */
    public void save(List<TokenRecord> tokens) {
        file.save(json.toJsonPretty(new Content(VERSION, tokens)));
    }
}

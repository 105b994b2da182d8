package io.vnvme.control.auth;

import io.vnvme.control.model.CreateToken;
import io.vnvme.control.model.NewToken;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.TokenInfo;
import io.vnvme.control.store.StateFileException;
import io.vnvme.control.store.TokenFile;
import io.vnvme.control.store.TokenRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tokens: what programs and people send to be let in over TCP. Only hashes are kept, in memory and in the file. */
public final class Tokens {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,39}");
    /** What secret scanners look for. */
    private static final String PREFIX = "vnvme_";

    private static final int COUNT_MAX = 1000;
    private static final Duration EXPIRY_MAX = Duration.ofDays(3660);

    private final TokenFile file;
    private final InstantSource clock;
    private volatile List<TokenRecord> tokens;

    /** @throws StateFileException when the file cannot be read */
    public Tokens(TokenFile file, InstantSource clock) {
        this.file = file;
        this.clock = clock;
        this.tokens = file.load();
    }

    /** All, also those that have expired, in the order of creation. */
    public List<TokenInfo> list() {
        return tokens.stream().map(Tokens::info).toList();
    }

    private static TokenInfo info(TokenRecord token) {
        return new TokenInfo(token.name(), token.role(), token.createdAt(), token.expiresAt());
    }

    /** Makes a token; its secret is in what this returns, and nowhere else. */
    public synchronized NewToken create(CreateToken request) {
        String name = request.name() == null ? "" : request.name();
        if (!NAME.matcher(name).matches()) {
            throw new ProblemException(
                    ProblemCode.BAD_NAME,
                    "'%s' is no name for a token: use 1 to 40 of a-z, 0-9, '.', '_' and '-'".formatted(name));
        }
        Role role = Role.of(String.valueOf(request.role()))
                .orElseThrow(() ->
                        new ProblemException(ProblemCode.BAD_REQUEST, "a token's role is viewer, operator or admin"));
        if (tokens.stream().anyMatch(t -> t.name().equals(name))) {
            throw new ProblemException(
                    ProblemCode.NAME_TAKEN,
                    "there is a token %s already: remove it, or choose another name".formatted(name));
        }
        if (tokens.size() >= COUNT_MAX) {
            throw new ProblemException(ProblemCode.NO_SPACE, "there are %d tokens: remove some".formatted(COUNT_MAX));
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        String secret = PREFIX + Secrets.random();
        TokenRecord token = new TokenRecord(
                name, role.text(), Secrets.hash(secret), now.toString(), expiry(request.expiresSeconds(), now));
        List<TokenRecord> all = new ArrayList<>(tokens);
        all.add(token);
        save(all);
        return new NewToken(info(token), secret);
    }

    private static @Nullable String expiry(@Nullable Long seconds, Instant now) {
        if (seconds == null) {
            return null;
        }
        if (seconds <= 0 || seconds > EXPIRY_MAX.toSeconds()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "a token that expires in %d seconds: it is 1 to %d".formatted(seconds, EXPIRY_MAX.toSeconds()));
        }
        return now.plusSeconds(seconds).toString();
    }

    /** From now on nobody is let in by it. */
    public synchronized TokenInfo remove(String name) {
        TokenRecord token = tokens.stream()
                .filter(t -> t.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.UNKNOWN_TOKEN, "no token %s: see 'vnvme token ls'".formatted(name)));
        save(tokens.stream().filter(t -> !t.equals(token)).toList());
        return info(token);
    }

    private void save(List<TokenRecord> all) {
        try {
            file.save(all);
        } catch (StateFileException e) {
            throw new ProblemException(ProblemCode.STATE_UNWRITABLE, String.valueOf(e.getMessage()), e);
        }
        tokens = List.copyOf(all);
    }

    /** The token that a secret belongs to, if it is good now. */
    Optional<TokenRecord> find(String secret) {
        String hash = Secrets.hash(secret);
        return tokens.stream()
                .filter(t -> Secrets.same(t.hash(), hash))
                .filter(this::current)
                .findFirst();
    }

    /** Whether it is still there and has not expired. */
    boolean good(TokenRecord token) {
        return current(token) && tokens.contains(token);
    }

    private boolean current(TokenRecord token) {
        return token.expiresAt() == null || clock.instant().isBefore(Instant.parse(token.expiresAt()));
    }
}

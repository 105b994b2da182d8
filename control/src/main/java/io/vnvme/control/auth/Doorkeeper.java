package io.vnvme.control.auth;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Role;
import io.vnvme.control.store.TokenRecord;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;

/** Says who somebody is that comes over TCP. */
public final class Doorkeeper {
    private final Tokens tokens;
    private final Sessions sessions;
    private final SignInLimit limit;
    private final Consumer<String> refused;

    /** @param refused told of each failed sign-in, by its address, until there are too many */
    public Doorkeeper(Tokens tokens, Sessions sessions, InstantSource clock, Consumer<String> refused) {
        this.tokens = tokens;
        this.sessions = sessions;
        this.refused = refused;
        this.limit = new SignInLimit(clock);
    }

    public Tokens tokens() {
        return tokens;
    }

    /**
     * Who has a secret.
     *
     * @param address where it came from, as the connection says
     * @throws ProblemException when it is nobody's
     */
    public Caller bearer(String secret, String address) {
        TokenRecord token = require(secret, address);
        return new Caller(
                token.name(), Role.of(token.role()).orElseThrow(), "token", Optional.empty(), () -> tokens.good(token));
    }

    /** Whose session a cookie is; nobody's, when it has ended. */
    public Optional<Caller> session(String cookie) {
        return sessions.find(cookie);
    }

    /** Begins a session. @return what its cookie holds */
    public String signIn(String secret, String address) {
        return sessions.begin(require(secret, address));
    }

    public void signOut(String cookie) {
        sessions.end(cookie);
    }

    private TokenRecord require(String secret, String address) {
        return tokens.find(secret).orElseThrow(() -> refused(address));
    }

    private ProblemException refused(String address) {
        Optional<Duration> wait = limit.failed(address);
        if (wait.isEmpty()) {
            refused.accept(address);
        }
        return wait.map(w -> ProblemException.later(
                        ProblemCode.TOO_MANY_FAILURES,
                        "too many failed sign-ins from %s: wait %d s".formatted(address, seconds(w)),
                        seconds(w)))
                .orElseGet(() -> new ProblemException(
                        ProblemCode.UNAUTHENTICATED, "this token is not known, or has expired: get another"));
    }

    private static long seconds(Duration time) {
        return Math.max(1, time.plusMillis(999).toSeconds());
    }
}

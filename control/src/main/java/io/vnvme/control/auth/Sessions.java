package io.vnvme.control.auth;

import io.vnvme.control.model.Role;
import io.vnvme.control.store.TokenRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Sessions of browsers, in memory: a restart signs everybody out. A session is good for as long as its token is, at
 * most {@link #LENGTH_MAX}, and ends when nothing is asked for {@link #IDLE_MAX}.
 */
public final class Sessions {
    static final Duration IDLE_MAX = Duration.ofMinutes(30);
    static final Duration LENGTH_MAX = Duration.ofHours(12);
    /** The oldest gives way. */
    static final int COUNT_MAX = 1000;

    private final Tokens tokens;
    private final InstantSource clock;
    /** By the hash of the cookie, oldest first. */
    private final Map<String, Session> sessions = new LinkedHashMap<>();

    private static final class Session {
        final TokenRecord token;
        final String csrf = Secrets.random();
        final Instant began;
        Instant used;

        Session(TokenRecord token, Instant now) {
            this.token = token;
            this.began = now;
            this.used = now;
        }
    }

    public Sessions(Tokens tokens, InstantSource clock) {
        this.tokens = tokens;
        this.clock = clock;
    }

    /** A new session: what its cookie holds. */
    synchronized String begin(TokenRecord token) {
        sessions.values().removeIf(s -> !good(s));
        if (sessions.size() >= COUNT_MAX) {
            sessions.remove(sessions.keySet().iterator().next());
        }
        String cookie = Secrets.random();
        sessions.put(Secrets.hash(cookie), new Session(token, clock.instant()));
        return cookie;
    }

    /** Whose session a cookie is, if it is good; this is use of it. */
    synchronized Optional<Caller> find(String cookie) {
        String hash = Secrets.hash(cookie);
        Session session = sessions.get(hash);
        if (session == null || !good(session)) {
            return Optional.empty();
        }
        session.used = clock.instant();
        return Optional.of(new Caller(
                session.token.name(),
                Role.of(session.token.role()).orElseThrow(),
                "session",
                Optional.of(session.csrf),
                () -> stillGood(hash)));
    }

    private synchronized boolean stillGood(String hash) {
        Session session = sessions.get(hash);
        return session != null && good(session);
    }

    private boolean good(Session session) {
        Instant now = clock.instant();
        return now.isBefore(session.used.plus(IDLE_MAX))
                && now.isBefore(session.began.plus(LENGTH_MAX))
                && tokens.good(session.token);
    }

    /** Signs out. */
    public synchronized void end(String cookie) {
        sessions.remove(Secrets.hash(cookie));
    }
}

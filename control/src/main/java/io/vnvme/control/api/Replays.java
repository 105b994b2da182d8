package io.vnvme.control.api;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.vnvme.control.auth.Caller;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Requests with an {@code Idempotency-Key}: who sends one again, since the answer was lost, gets the first answer, and
 * nothing is done twice. Only success is kept: what fails leaves nothing behind, and may be tried again. In memory: a
 * restart forgets.
 */
final class Replays implements Filter {
    static final HeaderName KEY = HeaderNames.create("Idempotency-Key");
    private static final HeaderName REPLAYED = HeaderNames.create("Idempotent-Replayed");
    private static final Pattern KEY_TEXT = Pattern.compile("[\\x21-\\x7e]{1,200}");
    static final Duration KEPT = Duration.ofHours(24);
    static final int KEPT_MAX = 1000;
    private static final int SIZE_MAX = 64 << 10;
    /** Their answers are secrets, which are not kept. */
    private static final Set<String> NEVER = Set.of(Entrance.SESSION, "/api/v1/tokens");

    private final InstantSource clock;
    /** By who asked and the key, oldest first. */
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private static final class Entry {
        final String request;
        final Instant since;
        private @Nullable Answer answer;

        Entry(String request, Instant since) {
            this.request = request;
            this.since = since;
        }
    }

    private record Answer(Status status, String type, String body) {}

    Replays(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        Optional<String> key = request.headers().value(KEY);
        if (key.isEmpty()
                || !request.prologue().method().equals(Method.POST)
                || NEVER.contains(request.path().path())
                || !Caller.CURRENT.isBound()) {
            chain.proceed();
            return;
        }
        String id = id(key.get());
        Optional<Answer> known = known(id, digest(request));
        if (known.isEmpty()) {
            first(id, chain, response);
            return;
        }
        response.status(known.get().status());
        response.header(HeaderNames.CONTENT_TYPE, known.get().type());
        response.header(REPLAYED, "true");
        response.send(known.get().body().getBytes(StandardCharsets.UTF_8));
    }

    private static String id(String key) {
        if (!KEY_TEXT.matcher(key).matches()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "an Idempotency-Key has 1 to 200 visible characters of ASCII");
        }
        Caller caller = Caller.CURRENT.get();
        return "%s %s %s %s".formatted(caller.via(), caller.role(), caller.name(), key);
    }

    /** The answer that was given; nothing when this is the first to ask, who is noted as that. */
    private synchronized Optional<Answer> known(String id, String request) {
        Instant now = clock.instant();
        entries.values().removeIf(e -> e.answer != null && !now.isBefore(e.since.plus(KEPT)));
        Entry entry = entries.get(id);
        if (entry == null) {
            giveWay();
            entries.put(id, new Entry(request, now));
            return Optional.empty();
        }
        if (!entry.request.equals(request)) {
            throw new ProblemException(
                    ProblemCode.KEY_REUSED, "this Idempotency-Key was used for another request: make a new one");
        }
        if (entry.answer == null) {
            throw new ProblemException(
                    ProblemCode.REQUEST_UNDER_WAY,
                    "the first request with this Idempotency-Key is still under way: wait");
        }
        return Optional.of(entry.answer);
    }

    private void giveWay() {
        Iterator<Entry> oldest = entries.values().iterator();
        while (entries.size() >= KEPT_MAX && oldest.hasNext()) {
            if (oldest.next().answer != null) {
                oldest.remove();
            }
        }
    }

    private void first(String id, FilterChain chain, RoutingResponse response) {
        response.streamFilter(out -> new Copy(out, text -> {
            if (response.status().family() == Status.Family.SUCCESSFUL) {
                answered(id, new Answer(response.status(), type(response), text));
            } else {
                // Before the answer is out: who has it may try again at once.
                forgetUnanswered(id);
            }
        }));
        try {
            chain.proceed();
        } finally {
            forgetUnanswered(id);
        }
    }

    private static String type(RoutingResponse response) {
        return response.headers().contentType().map(Object::toString).orElse("application/json");
    }

    private synchronized void answered(String id, Answer answer) {
        Entry entry = entries.get(id);
        if (entry != null) {
            entry.answer = answer;
        }
    }

    private synchronized void forgetUnanswered(String id) {
        Entry entry = entries.get(id);
        if (entry != null && entry.answer == null) {
            entries.remove(id);
        }
    }

    private static String digest(ServerRequest request) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            String head =
                    request.path().path() + "?" + request.prologue().query().rawValue() + "\n";
            digest.update(head.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(Bodies.of(request)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /**
     * What is sent. While it is small it is held back until it is whole and known: who has the answer and asks again gets it
     * again.
     */
    private static final class Copy extends FilterOutputStream {
        private final Consumer<String> known;
        private final ByteArrayOutputStream held = new ByteArrayOutputStream();
        private boolean holding = true;

        Copy(OutputStream out, Consumer<String> known) {
            super(out);
            this.known = known;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (holding && held.size() + length > SIZE_MAX) {
                release();
            }
            (holding ? held : out).write(bytes, offset, length);
        }

        private void release() throws IOException {
            holding = false;
            held.writeTo(out);
        }

        @Override
        public void flush() throws IOException {
            if (!holding) {
                out.flush();
            }
        }

        @Override
        public void close() throws IOException {
            if (holding) {
                known.accept(held.toString(StandardCharsets.UTF_8));
                release();
            }
            super.close();
        }
    }
}

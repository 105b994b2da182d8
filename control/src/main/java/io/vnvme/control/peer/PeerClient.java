package io.vnvme.control.peer;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.auth.PinnedCertificate;
import io.vnvme.control.auth.PinnedCertificate.OtherCertificateException;
import io.vnvme.control.model.Problem;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.RemoteAddress.Place;
import io.vnvme.control.store.PeerRecord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Another daemon, asked by its REST API over TLS. Any thread. Its certificate is known by its fingerprint and nothing else; what
 * lets this daemon in there is a token.
 *
 * <p>Calls go over connections that are kept for half a minute, so that only the first one pays for a handshake. Each has an answer
 * within a limit, 10 s if nothing else is said, or fails. A call that fails with {@link ProblemCode#PEER_UNREACHABLE} or
 * {@link ProblemCode#PEER_FAILED} <b>may have been carried out</b>: whoever calls makes it so that it can be made again, or asks how
 * it went.
 *
 * <p>Errors are {@link ProblemException}s that begin with the peer's name: its own problems with its own codes, but for
 * <ul>
 *   <li>{@link ProblemCode#PEER_UNREACHABLE}: nobody answers there, or not in time;
 *   <li>{@link ProblemCode#PEER_UNTRUSTED}: whoever answers shows another certificate; they were told nothing;
 *   <li>{@link ProblemCode#PEER_REFUSED}: the token is not known there (any more), or its role is too small;
 *   <li>{@link ProblemCode#PEER_FAILED}: it had a fault of its own, or its answer is too large, or none of this API.
 * </ul>
 */
public final class PeerClient {
    /** Where a daemon serves its API over TLS when nothing else is said. */
    public static final int PORT = 8443;

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int REPLY_SIZE_MAX = 4 << 20;
    private static final int DETAIL_LENGTH_MAX = 1000;
    private static final Pattern NEXT = Pattern.compile("<(/[^>]*)>; rel=\"next\"");

    private final String name;
    private final Place place;
    private final URI base;
    private final Optional<String> token;
    private final HttpClient http;
    private final Jsonb jsonb;
    private final Duration limit;

    /** @throws ProblemException when its address is none */
    public PeerClient(PeerRecord peer) {
        this(peer.name(), Place.parse(peer.address(), PORT), peer.fingerprint(), Optional.of(peer.token()));
    }

    private PeerClient(String name, Place place, String fingerprint, Optional<String> token) {
        this.name = name;
        this.place = place;
        this.base = base(place);
        this.token = token;
        this.http = http(fingerprint);
        this.jsonb = Jsonb.builder().build();
        this.limit = LIMIT;
    }

    private PeerClient(PeerClient other, Duration limit) {
        this.name = other.name;
        this.place = other.place;
        this.base = other.base;
        this.token = other.token;
        this.http = other.http;
        this.jsonb = other.jsonb;
        this.limit = limit;
    }

    private static URI base(Place place) {
        URI uri;
        try {
            uri = URI.create("https://" + place.text());
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "'%s' is no HOST:PORT".formatted(place.text()), e);
        }
        if (uri.getHost() == null || uri.getUserInfo() != null || !uri.getPath().isEmpty()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "'%s' is no HOST:PORT".formatted(place.text()));
        }
        return uri;
    }

    private static HttpClient http(String fingerprint) {
        try {
            return HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .sslContext(new PinnedCertificate(fingerprint).context())
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .proxy(HttpClient.Builder.NO_PROXY)
                    .executor(Executors.newVirtualThreadPerTaskExecutor())
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no TLS", e);
        }
    }

    /**
     * Looks which certificate is shown somewhere; nothing is told there.
     *
     * @param address {@code HOST[:PORT]}
     * @return its SHA-256: pairs of hexadecimal digits with colons
     * @throws ProblemException when nobody shows one within the limit
     */
    public static String fingerprintAt(String name, String address, Duration limit) {
        PeerClient stranger = new PeerClient(name, Place.parse(address, PORT), "", Optional.empty()).withLimit(limit);
        try {
            stranger.get("/", Object.class);
            throw new IllegalStateException("a certificate without a fingerprint");
        } catch (ProblemException e) {
            return OtherCertificateException.in(e)
                    .map(OtherCertificateException::shown)
                    .orElseThrow(() -> e);
        } finally {
            stranger.end();
        }
    }

    /** The same with another limit for each call, over the same connections. */
    public PeerClient withLimit(Duration each) {
        return new PeerClient(this, each);
    }

    /** What it is called here. */
    public String name() {
        return name;
    }

    /** Name or IP address of its host, without brackets: where its other ports are. */
    public String hostName() {
        return place.host();
    }

    /** @param path with its query, encoded */
    public <T> T get(String path, Class<T> reply) {
        return read(exchange("GET", path, null, BodyPublishers.noBody()), reply);
    }

    /** All of a list that may come in parts. */
    public <T> List<T> list(String path, Class<T> element) {
        List<T> all = new ArrayList<>();
        Optional<String> next = Optional.of(path);
        while (next.isPresent()) {
            HttpResponse<byte[]> part = exchange("GET", next.get(), null, BodyPublishers.noBody());
            try {
                all.addAll(jsonb.type(element).list().fromJson(part.body()));
            } catch (RuntimeException e) {
                throw noSense(e);
            }
            next = part.headers()
                    .firstValue("link")
                    .map(NEXT::matcher)
                    .filter(Matcher::matches)
                    .map(m -> m.group(1));
        }
        return all;
    }

    /** @param body a record of the API; null: the path says all */
    public <T> T post(String path, @Nullable Object body, Class<T> reply) {
        return read(exchange("POST", path, body == null ? null : "application/json", json(body)), reply);
    }

    /** One whose answer, if it has any, does not matter. */
    public void post(String path, @Nullable Object body) {
        exchange("POST", path, body == null ? null : "application/json", json(body));
    }

    /** @param body a record of the API */
    public void put(String path, Object body) {
        exchange("PUT", path, "application/json", json(body));
    }

    /** @param bytes as they are: {@code application/octet-stream} */
    public void put(String path, MemorySegment bytes) {
        exchange(
                "PUT",
                path,
                "application/octet-stream",
                BodyPublishers.ofByteArray(bytes.toArray(ValueLayout.JAVA_BYTE)));
    }

    public void delete(String path) {
        exchange("DELETE", path, null, BodyPublishers.noBody());
    }

    /** Ends its connections. Calls that are under way get their answer; there can be no others. */
    public void end() {
        http.shutdown();
    }

    private BodyPublisher json(@Nullable Object body) {
        return body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(jsonb.toJson(body));
    }

    private HttpResponse<byte[]> exchange(String method, String path, @Nullable String type, BodyPublisher body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).method(method, body);
        token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        if (type != null) {
            request.header("Content-Type", type);
        }
        HttpResponse<byte[]> reply = answer(request.build());
        if (reply.statusCode() < 200 || reply.statusCode() > 299) {
            throw problem(reply);
        }
        return reply;
    }

    private HttpResponse<byte[]> answer(HttpRequest request) {
        // A request's own time ends with the head of its answer.
        CompletableFuture<HttpResponse<byte[]>> reply =
                http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), REPLY_SIZE_MAX));
        try {
            return reply.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            reply.cancel(true);
            throw unreachable("no answer from %s within %d ms".formatted(place.text(), limit.toMillis()), e);
        } catch (InterruptedException e) {
            reply.cancel(true);
            Thread.currentThread().interrupt();
            throw unreachable("nobody waits for the answer of %s any more".formatted(place.text()), e);
        } catch (ExecutionException e) {
            throw failed(e.getCause() == null ? e : e.getCause());
        }
    }

    private ProblemException failed(Throwable cause) {
        Optional<OtherCertificateException> other = OtherCertificateException.in(cause);
        if (other.isPresent()) {
            return new ProblemException(
                    ProblemCode.PEER_UNTRUSTED,
                    "%s: %s shows another certificate, with the fingerprint %s: compare it with 'vnvme status' there, and if it is right, remove the peer and add it again"
                            .formatted(name, place.text(), other.get().shown()),
                    cause);
        }
        if (String.valueOf(cause.getMessage()).contains("body exceeds capacity")) {
            return new ProblemException(
                    ProblemCode.PEER_FAILED,
                    "%s: an answer of more than %d MiB".formatted(name, REPLY_SIZE_MAX >> 20),
                    cause);
        }
        return unreachable("%s does not answer (%s)".formatted(place.text(), reason(cause)), cause);
    }

    /** What is known of a failure: some have no words of their own. */
    private static String reason(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each.getMessage() != null && !each.getMessage().isBlank()) {
                return clean(each.getMessage());
            }
        }
        return cause.getClass().getSimpleName();
    }

    private ProblemException unreachable(String why, Throwable cause) {
        return new ProblemException(ProblemCode.PEER_UNREACHABLE, "%s: %s".formatted(name, why), cause);
    }

    private ProblemException noSense(RuntimeException cause) {
        return new ProblemException(
                ProblemCode.PEER_FAILED,
                "%s: what %s answers makes no sense: see that a vnvme of this version serves there"
                        .formatted(name, place.text()),
                cause);
    }

    private <T> T read(HttpResponse<byte[]> reply, Class<T> type) {
        try {
            T value = jsonb.type(type).fromJson(reply.body());
            if (value == null) {
                throw new IllegalArgumentException("null");
            }
            return value;
        } catch (RuntimeException e) {
            throw noSense(e);
        }
    }

    private ProblemException problem(HttpResponse<byte[]> reply) {
        int status = reply.statusCode();
        Optional<Problem> told = told(reply);
        String detail = told.map(Problem::detail)
                .map(PeerClient::clean)
                .orElse("%s answers with HTTP status %d".formatted(place.text(), status));
        ProblemCode code = switch (status) {
            case 401, 403, 429 -> ProblemCode.PEER_REFUSED;
            default ->
                told.flatMap(p -> ProblemCode.of(p.code()))
                        .filter(c -> c != ProblemCode.INTERNAL && c.httpStatus() == status)
                        .orElse(ProblemCode.PEER_FAILED);
        };
        return new ProblemException(code, "%s: %s".formatted(name, detail));
    }

    private Optional<Problem> told(HttpResponse<byte[]> reply) {
        try {
            Problem problem = jsonb.type(Problem.class).fromJson(reply.body());
            return problem != null && problem.code() != null && problem.detail() != null
                    ? Optional.of(problem)
                    : Optional.empty();
        } catch (RuntimeException e) {
            // Whatever else it is, it is the answer of somebody who could not do it: the status says so.
            return Optional.empty();
        }
    }

    /** One line of no more than is read. */
    private static String clean(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
        return line.length() <= DETAIL_LENGTH_MAX ? line : line.substring(0, DETAIL_LENGTH_MAX) + " ...";
    }
}

package io.vnvme.control.cli;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.Problem;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A client of the daemon's API, one connection a request.
 *
 * <p>The JDK's HTTP client cannot reach a Unix socket, and a library that can would more than double the time a command
 * takes to start; what the daemon speaks is a small part of HTTP/1.1.
 */
public final class ApiClient {
    private static final Pattern NEXT = Pattern.compile("<([^>]*)>; rel=\"next\"");

    private final Transport transport;
    private final Jsonb jsonb = Jsonb.builder().build();

    /** @param runDir the daemon's */
    public ApiClient(Path runDir) {
        this(new UnixTransport(runDir.resolve("api.sock")));
    }

    ApiClient(Transport transport) {
        this.transport = transport;
    }

    /** A long list comes in parts, which are put together. */
    public String get(String path) {
        HttpReply reply = exchange("GET", path, null);
        StringBuilder all = new StringBuilder(reply.body());
        for (Optional<String> next = next(reply); next.isPresent(); next = next(reply)) {
            reply = exchange("GET", next.get(), null);
            String more = reply.body().strip();
            all.setLength(all.lastIndexOf("]"));
            all.append(',').append(more, 1, more.length());
        }
        return all.toString();
    }

    private static Optional<String> next(HttpReply reply) {
        Matcher link = NEXT.matcher(reply.headers().getOrDefault("link", ""));
        return link.matches() ? Optional.of(link.group(1)) : Optional.empty();
    }

    /** @param body a record of the API */
    public String post(String path, Object body) {
        return request("POST", path, jsonb.toJson(body));
    }

    /** A request that says all by its path. */
    public String post(String path) {
        return request("POST", path, null);
    }

    /** @param body a record of the API */
    String put(String path, Object body) {
        return request("PUT", path, jsonb.toJson(body));
    }

    public String delete(String path) {
        return request("DELETE", path, null);
    }

    /** Reads what a request returned. */
    public <T> T read(String json, Class<T> type) {
        return jsonb.type(type).fromJson(json);
    }

    /** Reads a list that a request returned. */
    public <T> List<T> readList(String json, Class<T> type) {
        return jsonb.type(type).list().fromJson(json);
    }

    private String request(String method, String path, @Nullable String body) {
        return exchange(method, path, body).body();
    }

    /**
     * Reads a stream of events, line by line, until the daemon ends it.
     *
     * @throws CliException when there is none, or it breaks
     */
    void follow(String path, Consumer<String> line) {
        try (Transport.Connection connection = transport.connect()) {
            send(connection.out(), "GET", path, null);
            HttpReply.stream(new BufferedInputStream(connection.in()), line);
        } catch (IOException | NumberFormatException e) {
            throw new CliException("the daemon tells of no more changes (%s)".formatted(e.getMessage()), e);
        }
    }

    private HttpReply exchange(String method, String path, @Nullable String body) {
        HttpReply reply;
        try (Transport.Connection connection = transport.connect()) {
            send(connection.out(), method, path, body);
            reply = HttpReply.read(new BufferedInputStream(connection.in()));
        } catch (IOException | NumberFormatException e) {
            throw new NoAnswerException(
                    "the daemon did not answer (%s): see its log, or whether it still runs ('vnvme status')"
                            .formatted(e.getMessage()),
                    e);
        }
        if (reply.status() >= 400) {
            throw new CliException(problem(reply));
        }
        return reply;
    }

    private void send(OutputStream out, String method, String path, @Nullable String body) throws IOException {
        byte[] content = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        String head =
                "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                        .formatted(method, path, transport.host(), transport.credentials(), content.length);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        all.writeBytes(content);
        out.write(all.toByteArray());
        out.flush();
    }

    private String problem(HttpReply reply) {
        try {
            return read(reply.body(), Problem.class).detail();
        } catch (RuntimeException e) {
            return "the daemon answered with status %d: %s"
                    .formatted(reply.status(), reply.body().strip());
        }
    }
}

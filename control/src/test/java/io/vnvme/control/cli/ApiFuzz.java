package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.testkit.seed.FuzzLoop;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests made from the API's own description, each field left out, at its limits, or of a wrong kind. Every answer is one
 * that the description has; none is a fault of the daemon; and the state can be loaded afterwards.
 */
@Timeout(3600)
class ApiFuzz {
    private static final int REQUESTS = 100;
    private static final String SCHEMAS = "#/components/schemas/";
    /** Things that come to exist, so that requests get past the first check. */
    private static final List<String> NAMES =
            List.of("ram0", "ram1", "pool0", "p", "d1", "d2", "s", "d1@s", "g", "none");

    private static final List<String> TEXTS = List.of(
            "",
            "a",
            "x".repeat(300),
            "../../x",
            "\u0000",
            "\ud83d\ude80",
            "\ud800",
            "a b",
            "%2f",
            "'\"<>",
            "concat",
            "mirror",
            "operator",
            "512M",
            "-1",
            "0");
    private static final List<String> NUMBERS = List.of(
            "0",
            "1",
            "-1",
            "512",
            "4096",
            "1048576",
            "2147483647",
            "2147483648",
            "-2147483649",
            "9223372036854775807",
            "9223372036854775808",
            "1e400",
            "0.5",
            "1e3");
    private static final List<String> WRONG =
            List.of("null", "{}", "[]", "[[]]", "true", "\"x\"", "7", "{\"a\":1}", "");
    /** They say how long to wait: those that make sense would be waited for. */
    private static final Set<String> WAITS = Set.of("waitMs", "intervalMs");
    /** They name files of the host: none that is there. */
    private static final Set<String> PATHS = Set.of("file", "qmp", "from", "spec");

    private static final List<String> SPECS =
            List.of("ram0", "ram1", "ram:64M", "null:1G", "ram:1K", "null:", "/none/x", "");

    @TempDir
    Path folder;

    private Map<String, Object> schemas = Map.of();
    private final List<Operation> operations = new ArrayList<>();
    private final Map<Integer, Integer> statuses = new TreeMap<>();

    private record Operation(String verb, String path, Map<String, Object> description) {}

    @Test
    void everyAnswerIsOneThatIsDescribed() {
        FuzzLoop.run("ApiFuzz", this::round);
        assertThat(statuses.keySet()).contains(200, 400, 404);
    }

    /** A daemon of its own for each, so that a seed replays all that led to a failure. */
    private void round(SplittableRandom random) throws IOException {
        Path state = Files.createTempDirectory(folder, "s");
        try (ServedApi served = new ServedApi(state)) {
            if (operations.isEmpty()) {
                describe(served);
            }
            for (int i = 0; i < REQUESTS; i++) {
                request(served, random);
            }
            served.restart();
            served.ok("GET", "/api/v1/system", "");
        }
    }

    private void describe(ServedApi api) throws IOException {
        Object document = ServedApi.JSONB.type(Object.class).fromJson(api.ok("GET", "/api/v1/openapi.json", ""));
        schemas = TlsClient.map(
                TlsClient.map(TlsClient.map(document).get("components")).get("schemas"));
        TlsClient.map(TlsClient.map(document).get("paths"))
                .forEach((path, verbs) -> TlsClient.map(verbs).forEach((verb, operation) -> {
                    if (!path.equals("/api/v1/changes")) {
                        operations.add(new Operation(verb.toUpperCase(Locale.ROOT), path, TlsClient.map(operation)));
                    }
                }));
    }

    private void request(ServedApi api, SplittableRandom random) throws IOException {
        Operation operation = operations.get(random.nextInt(operations.size()));
        String path = path(operation, random);
        String body = operation.description().get("requestBody") == null ? "" : body(operation, random);
        HttpReply reply = send(api, operation.verb(), path, body);
        String what = "%s %s %s -> %d %s".formatted(operation.verb(), path, body, reply.status(), reply.body());
        statuses.merge(reply.status(), 1, Integer::sum);
        if (reply.status() < 400) {
            success(operation, reply, what);
        } else {
            problem(reply, what);
        }
    }

    private void success(Operation operation, HttpReply reply, String what) {
        Map<String, Object> responses = TlsClient.map(operation.description().get("responses"));
        assertThat(responses).as(what).containsKey(Integer.toString(reply.status()));
        Object content =
                TlsClient.map(responses.get(Integer.toString(reply.status()))).get("content");
        if (content != null && TlsClient.map(content).keySet().stream().anyMatch(type -> type.startsWith("text/"))) {
            assertThat(reply.headers().get("content-type")).as(what).startsWith("text/plain");
            return;
        }
        assertThat(reply.headers().get("content-type")).as(what).startsWith("application/json");
        if (content != null) {
            Object schema = TlsClient.map(TlsClient.map(content).get("application/json"))
                    .get("schema");
            conforms(ServedApi.JSONB.type(Object.class).fromJson(reply.body()), TlsClient.map(schema), what);
        }
    }

    private static void problem(HttpReply reply, String what) {
        assertThat(reply.headers().get("content-type")).as(what).isEqualTo("application/problem+json");
        Map<String, Object> problem =
                TlsClient.map(ServedApi.JSONB.type(Object.class).fromJson(reply.body()));
        ProblemCode code = Arrays.stream(ProblemCode.values())
                .filter(c -> c.text().equals(problem.get("code")))
                .findFirst()
                .orElseThrow(() -> new AssertionError(what));
        assertThat(code).as(what).isNotEqualTo(ProblemCode.INTERNAL);
        assertThat(reply.status()).as(what).isEqualTo(code.httpStatus()).isLessThan(500);
        assertThat(String.valueOf(problem.get("detail"))).as(what).isNotBlank().doesNotContain("\tat ", "Exception");
    }

    /** Whether a value is of the kind that a schema says, down to its last field. */
    private void conforms(Object value, Map<String, Object> schema, String what) {
        Map<String, Object> meant = resolved(schema);
        switch (String.valueOf(meant.get("type"))) {
            case "array" -> {
                assertThat(value).as(what).isInstanceOf(List.class);
                ((List<?>) value).forEach(e -> conforms(e, TlsClient.map(meant.get("items")), what));
            }
            case "object" -> {
                assertThat(value).as(what).isInstanceOf(Map.class);
                Object properties = meant.get("properties");
                Set<String> known = properties == null
                        ? Set.of()
                        : TlsClient.map(properties).keySet();
                TlsClient.map(value).forEach((name, field) -> {
                    if (properties != null) {
                        assertThat(known).as(what).contains(name);
                        conforms(field, TlsClient.map(TlsClient.map(properties).get(name)), what);
                    }
                });
            }
            case "string" -> assertThat(value).as(what).isInstanceOf(String.class);
            case "integer", "number" -> assertThat(value).as(what).isInstanceOf(Number.class);
            case "boolean" -> assertThat(value).as(what).isInstanceOf(Boolean.class);
            default -> throw new AssertionError("a schema of no kind: " + meant + " in " + what);
        }
    }

    private Map<String, Object> resolved(Map<String, Object> schema) {
        Object reference = schema.get("$ref");
        return reference == null
                ? schema
                : TlsClient.map(schemas.get(String.valueOf(reference).substring(SCHEMAS.length())));
    }

    private String path(Operation operation, SplittableRandom random) {
        String path = operation.path();
        List<String> query = new ArrayList<>();
        if (operation.description().get("parameters") instanceof List<?> parameters) {
            for (Object one : parameters) {
                Map<String, Object> parameter = TlsClient.map(one);
                String name = String.valueOf(parameter.get("name"));
                String value = encoded(parameterValue(name, TlsClient.map(parameter.get("schema")), random));
                if ("path".equals(parameter.get("in"))) {
                    path = path.replace("{" + name + "}", value.isEmpty() ? "x" : value);
                } else if ("query".equals(parameter.get("in")) && random.nextBoolean()) {
                    query.add(name + "=" + value);
                }
            }
        }
        return query.isEmpty() ? path : path + "?" + String.join("&", query);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static String parameterValue(String name, Map<String, Object> schema, SplittableRandom random) {
        if (WAITS.contains(name)) {
            return pick(List.of("0", "-1", "x", "99999999999"), random);
        }
        boolean number = "integer".equals(schema.get("type")) && random.nextInt(4) > 0;
        return number ? pick(NUMBERS, random) : pick(random.nextInt(3) == 0 ? TEXTS : NAMES, random);
    }

    private String body(Operation operation, SplittableRandom random) {
        if (random.nextInt(12) == 0) {
            return pick(WRONG, random);
        }
        Object content =
                TlsClient.map(operation.description().get("requestBody")).get("content");
        Object schema =
                TlsClient.map(TlsClient.map(content).get("application/json")).get("schema");
        return value("", TlsClient.map(schema), random, 0);
    }

    private String value(String name, Map<String, Object> schema, SplittableRandom random, int depth) {
        if (random.nextInt(15) == 0) {
            return pick(WRONG.subList(0, WRONG.size() - 1), random);
        }
        Map<String, Object> meant = resolved(schema);
        return switch (String.valueOf(meant.get("type"))) {
            case "array" -> {
                List<String> elements = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    elements.add(value(name, TlsClient.map(meant.get("items")), random, depth + 1));
                }
                yield "[" + String.join(",", elements) + "]";
            }
            case "integer", "number" ->
                WAITS.contains(name) ? pick(List.of("0", "-1", "1e9"), random) : pick(NUMBERS, random);
            case "boolean" -> Boolean.toString(random.nextBoolean());
            case "object" -> meant.get("properties") == null ? "{}" : object(meant, random, depth);
            default -> quoted(PATHS.contains(name) ? pick(SPECS, random) : text(random));
        };
    }

    private String object(Map<String, Object> schema, SplittableRandom random, int depth) {
        Map<String, Object> properties = TlsClient.map(schema.get("properties"));
        Set<String> chosen = new TreeSet<>(properties.keySet());
        chosen.removeIf(_ -> random.nextInt(4) == 0);
        return chosen.stream()
                .map(n -> quoted(n) + ":" + value(n, TlsClient.map(properties.get(n)), random, depth + 1))
                .collect(Collectors.joining(",", "{", "}"));
    }

    private static String text(SplittableRandom random) {
        return pick(random.nextInt(3) == 0 ? TEXTS : NAMES, random);
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean plain = c >= ' ' && c != '"' && c != '\\' && !Character.isSurrogate(c);
            quoted.append(plain ? String.valueOf(c) : "\\u%04x".formatted((int) c));
        }
        return quoted.append('"').toString();
    }

    private static String pick(List<String> from, SplittableRandom random) {
        return from.get(random.nextInt(from.size()));
    }

    private static HttpReply send(ServedApi api, String verb, String path, String body) throws IOException {
        try (SocketChannel channel = api.connect()) {
            BufferedOutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
            byte[] content = body.getBytes(StandardCharsets.UTF_8);
            out.write("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                    .formatted(verb, path, content.length)
                    .getBytes(StandardCharsets.US_ASCII));
            out.write(content);
            out.flush();
            return HttpReply.read(new BufferedInputStream(Channels.newInputStream(channel)));
        }
    }
}

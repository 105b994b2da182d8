package io.vnvme.control.api;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.Role;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The description of the API that the build generated from the routes, with what the generator cannot know. */
final class OpenApi {
    private static final String GENERATED = "/meta/openapi.json";
    private static final String PROBLEM_SCHEMA = "#/components/schemas/Problem";

    private OpenApi() {}

    /** The document as JSON. */
    static String document(String version, Rules rules) {
        JsonType<Object> json = Jsonb.builder().build().type(Object.class);
        try (InputStream in = OpenApi.class.getResourceAsStream(GENERATED)) {
            if (in == null || !(json.fromJson(in) instanceof Map<?, ?> generated)) {
                throw new IllegalStateException(GENERATED + " is missing from the program: build it again");
            }
            Map<String, Object> document = new LinkedHashMap<>();
            generated.forEach((key, value) -> document.put(String.valueOf(key), value));
            document.put("info", Map.of("title", "vNVMe", "version", version, "description", DESCRIPTION));
            document.put(
                    "servers", List.of(Map.of("url", "/", "description", "the daemon's Unix socket, or its TLS port")));
            addStream(document);
            addRoles(document, rules);
            addHeaders(document);
            addProblem(document);
            return json.toJson(document);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final String DESCRIPTION =
            "Virtual NVMe drives for virtual machines. Errors are problem details (RFC 9457) with a stable code.";

    /** Who may ask what, and how they show who they are. */
    private static void addRoles(Map<String, Object> document, Rules rules) {
        if (document.get("paths") instanceof Map<?, ?> paths) {
            paths.forEach((path, operations) -> {
                if (operations instanceof Map<?, ?> verbs) {
                    verbs.forEach((verb, operation) -> {
                        String name = String.valueOf(verb).toUpperCase(Locale.ROOT);
                        Optional<Role> role = rules.role(name, String.valueOf(path));
                        Map<String, Object> fields = fields(operation);
                        fields.put("x-vnvme-role", role.map(Role::text).orElse("anyone"));
                        fields.put("security", role.isPresent() ? SECURITY : List.of());
                    });
                }
            });
        }
    }

    /** What the filters before the routes understand. */
    private static void addHeaders(Map<String, Object> document) {
        if (document.get("paths") instanceof Map<?, ?> paths) {
            paths.forEach((path, operations) -> fields(operations).forEach((verb, operation) -> {
                if (verb.equals("post")) {
                    addHeader(fields(operation), "Idempotency-Key", "the same answer to whoever sends this again");
                }
                String name = String.valueOf(path);
                if (!verb.equals("get") && name.contains("{name}") && Preconditions.covers(name)) {
                    addHeader(fields(operation), "If-Match", "only while its ETag is this");
                }
            }));
        }
    }

    private static void addHeader(Map<String, Object> operation, String name, String description) {
        List<Object> parameters = new ArrayList<>();
        if (operation.get("parameters") instanceof List<?> known) {
            parameters.addAll(known);
        }
        parameters.add(
                Map.of("name", name, "in", "header", "description", description, "schema", Map.of("type", "string")));
        operation.put("parameters", parameters);
    }

    /** Either is enough; over the Unix socket neither is needed. */
    private static final List<Map<String, List<String>>> SECURITY =
            List.of(Map.of("token", List.of()), Map.of("session", List.of()));

    private static final Map<String, Object> SCHEMES = Map.of(
            "token",
            Map.of("type", "http", "scheme", "bearer"),
            "session",
            Map.of("type", "apiKey", "in", "cookie", "name", Entrance.COOKIE));

    @SuppressWarnings("unchecked")
    private static Map<String, Object> fields(@Nullable Object map) {
        return (Map<String, Object>) Objects.requireNonNull(map);
    }

    /** What the stream of changes carries is no return value, so that the generator does not see it. */
    private static void addStream(Map<String, Object> document) {
        Map<String, Object> response = Map.of(
                "description",
                "server-sent events until the client goes",
                "content",
                Map.of("text/event-stream", Map.of("schema", Map.of("type", "string"))));
        if (document.get("paths") instanceof Map<?, ?> paths
                && paths.get("/api/v1/changes") instanceof Map<?, ?> path) {
            for (Map<String, Object> operation : maps(path)) {
                operation.put("responses", Map.of("200", response));
            }
        }
    }

    /** Every operation may answer with a problem. */
    private static void addProblem(Map<String, Object> document) {
        Map<String, Object> response = Map.of(
                "description",
                "what is wrong and what to do",
                "content",
                Map.of("application/problem+json", Map.of("schema", Map.of("$ref", PROBLEM_SCHEMA))));
        for (Map<String, Object> path : maps(document.get("paths"))) {
            for (Map<String, Object> operation : maps(path)) {
                if (operation.get("responses") instanceof Map<?, ?> responses) {
                    Map<String, Object> all = copy(responses);
                    all.put("default", response);
                    operation.put("responses", all);
                }
            }
        }
        if (document.get("components") instanceof Map<?, ?> components) {
            Map<String, Object> all = copy(components);
            Map<String, Object> schemas =
                    all.get("schemas") instanceof Map<?, ?> map ? copy(map) : new LinkedHashMap<>();
            schemas.put("Problem", problemSchema());
            all.put("schemas", schemas);
            all.put("securitySchemes", SCHEMES);
            document.put("components", all);
        }
    }

    private static Map<String, Object> problemSchema() {
        Map<String, Object> text = Map.of("type", "string");
        return Map.of(
                "type",
                "object",
                "properties",
                Map.of(
                        "type",
                        text,
                        "title",
                        text,
                        "status",
                        Map.of("type", "integer"),
                        "detail",
                        Map.of("type", "string", "description", "one line: what is wrong and what to do"),
                        "code",
                        Map.of(
                                "type",
                                "string",
                                "description",
                                "stable name of the problem",
                                "enum",
                                Arrays.stream(ProblemCode.values())
                                        .map(ProblemCode::text)
                                        .toList())));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> maps(@Nullable Object map) {
        return map instanceof Map<?, ?> m
                ? m.values().stream()
                        .filter(Map.class::isInstance)
                        .map(v -> (Map<String, Object>) v)
                        .toList()
                : List.of();
    }

    private static Map<String, Object> copy(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(String.valueOf(key), value));
        return copy;
    }
}

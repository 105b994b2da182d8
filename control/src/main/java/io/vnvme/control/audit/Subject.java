package io.vnvme.control.audit;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/**
 * What of a request's body may be written down: only fields that are listed here, so that a secret in a field that comes
 * later is not written down by oversight.
 */
public final class Subject {
    private static final Set<String> FIELDS = Set.of(
            "address",
            "blockSizeBytes",
            "burstSeconds",
            "bytes",
            "checksum",
            "degraded",
            "demand",
            "doorbells",
            "drives",
            "expiresSeconds",
            "file",
            "fingerprint",
            "force",
            "forceSlow",
            "format",
            "from",
            "group",
            "hosts",
            "iops",
            "layout",
            "level",
            "limits",
            "logger",
            "msi",
            "name",
            "nqn",
            "old",
            "path",
            "pool",
            "ports",
            "qmp",
            "qos",
            "reactor",
            "readBytes",
            "readIops",
            "replacement",
            "role",
            "seconds",
            "shared",
            "shrink",
            "sizeBytes",
            "snapshot",
            "snapshots",
            "source",
            "spec",
            "state",
            "tcp",
            "thick",
            "to",
            "unlimited",
            "vm",
            "vnvme",
            "weight",
            "writeBytes",
            "writeIops");
    private static final String NONE = "(no JSON object)";
    private static final int DEPTH_MAX = 3;
    private static final JsonType<Object> JSON = Jsonb.builder().build().type(Object.class);

    private Subject() {}

    /** @param body JSON, or anything */
    public static String of(byte[] body) {
        if (body.length == 0) {
            return "";
        }
        try {
            Object parsed = JSON.fromJson(new String(body, StandardCharsets.UTF_8));
            // What is no object has no field that says what it is.
            return parsed instanceof Map<?, ?> ? text(parsed, DEPTH_MAX) : NONE;
        } catch (RuntimeException e) {
            return NONE;
        }
    }

    private static String text(Object value, int depth) {
        if (depth == 0 && (value instanceof Map || value instanceof List)) {
            return "...";
        }
        if (value instanceof Map<?, ?> map) {
            StringJoiner fields = new StringJoiner(" ", "{", "}");
            map.forEach((name, content) -> {
                if (content != null && FIELDS.contains(String.valueOf(name))) {
                    fields.add("%s=%s".formatted(name, text(content, depth - 1)));
                }
            });
            return fields.toString();
        }
        if (value instanceof List<?> list) {
            StringJoiner elements = new StringJoiner(" ", "[", "]");
            list.forEach(e -> elements.add(e == null ? "null" : text(e, depth - 1)));
            return elements.toString();
        }
        // One line, whatever it holds.
        return String.valueOf(value).replaceAll("\\p{Cntrl}", "?");
    }
}

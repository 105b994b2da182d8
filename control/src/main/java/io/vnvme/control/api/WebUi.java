package io.vnvme.control.api;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The web UI: files that the build put beside the classes, under {@code /ui/}. A path that is no file is one of the UI's
 * own, which its page knows.
 */
final class WebUi {
    private static final String PREFIX = "/ui/";
    private static final String PAGE = "index.html";
    /** A file: its name has an ending; folders have none. No part begins with a dot, so that none leads up. */
    private static final Pattern FILE =
            Pattern.compile("([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9_-]*\\.[A-Za-z0-9._-]+");
    /** The bundler puts a hash of the content into the names here: what has such a name never changes. */
    private static final String HASHED = "assets/";

    private static final String FOREVER = "public, max-age=31536000, immutable";
    /** Kept, but asked for again each time: the answer is short when it is the same. */
    private static final String ASK = "no-cache";

    /**
     * Only what this daemon serves is loaded, and no script that stands in a page. Styles may: the UI's components
     * make them as they appear.
     */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            + "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
            + "base-uri 'none'; frame-ancestors 'none'";

    private static final Map<HeaderName, String> HEADERS = Map.of(
            HeaderNames.create("Content-Security-Policy"), POLICY,
            HeaderNames.create("X-Frame-Options"), "DENY",
            HeaderNames.create("Referrer-Policy"), "no-referrer",
            HeaderNames.create("Cross-Origin-Opener-Policy"), "same-origin",
            HeaderNames.create("Cross-Origin-Resource-Policy"), "same-origin",
            HeaderNames.create("Permissions-Policy"), "camera=(), geolocation=(), microphone=()");

    private final String root;
    /** Those that were asked for; no more than there are. */
    private final Map<String, Content> files = new ConcurrentHashMap<>();

    /** A file, and for the client's cache what tells it from others. */
    private static final class Content {
        final byte[] bytes;
        final String type;
        final String tag;

        Content(byte[] bytes, String type) {
            this.bytes = bytes;
            this.type = type;
            this.tag = WebUi.tag(bytes);
        }
    }

    /** @param root folder on the class path, such as {@code /web/} */
    WebUi(String root) {
        this.root = root;
    }

    void register(HttpRouting.Builder routing) {
        routing.get("/", (_, response) -> toPage(response));
        routing.get("/ui", (_, response) -> toPage(response));
        routing.get("/ui/*", this::serve);
    }

    private void toPage(ServerResponse response) {
        require(PAGE);
        response.status(Status.FOUND_302);
        response.header(HeaderNames.LOCATION, PREFIX);
        response.send();
    }

    private void serve(ServerRequest request, ServerResponse response) {
        String name = request.path().path().substring(PREFIX.length());
        boolean file = FILE.matcher(name).matches();
        Content content = file
                ? find(name)
                        .orElseThrow(() -> new ProblemException(
                                ProblemCode.UNKNOWN_RESOURCE,
                                "the web UI has no file %s: load its page anew".formatted(name)))
                : require(PAGE);
        HEADERS.forEach(response::header);
        response.header(HeaderNames.CACHE_CONTROL, file && name.startsWith(HASHED) ? FOREVER : ASK);
        response.header(HeaderNames.ETAG, content.tag);
        if (request.headers()
                .value(HeaderNames.IF_NONE_MATCH)
                .filter(content.tag::equals)
                .isPresent()) {
            response.status(Status.NOT_MODIFIED_304);
            response.send();
            return;
        }
        response.header(HeaderNames.CONTENT_TYPE, content.type);
        response.send(content.bytes);
    }

    private Content require(String name) {
        return find(name)
                .orElseThrow(
                        () -> new ProblemException(
                                ProblemCode.UI_MISSING,
                                "this daemon was built without its web UI: run 'npm ci' and 'npm run build' in ui/, then build it again"));
    }

    private Optional<Content> find(String name) {
        return Optional.ofNullable(files.get(name)).or(() -> {
            Optional<Content> loaded = load(name);
            loaded.ifPresent(content -> files.put(name, content));
            return loaded;
        });
    }

    private Optional<Content> load(String name) {
        try (InputStream in = WebUi.class.getResourceAsStream(root + name)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] bytes = in.readAllBytes();
            return Optional.of(new Content(bytes, type(name)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String type(String name) {
        String ending = name.substring(name.lastIndexOf('.') + 1);
        return switch (ending) {
            case "html", "css", "txt" -> "text/%s; charset=utf-8".formatted(ending.equals("txt") ? "plain" : ending);
            case "js", "mjs" -> "text/javascript; charset=utf-8";
            case "webmanifest" -> "application/manifest+json";
            default ->
                MediaTypes.detectExtensionType(ending).map(Object::toString).orElse("application/octet-stream");
        };
    }

    private static String tag(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return '"' + HexFormat.of().formatHex(digest, 0, 16) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

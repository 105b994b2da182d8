package io.vnvme.control.api;

import io.avaje.inject.BeanScope;
import io.avaje.jsonb.Jsonb;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpFeature;
import io.helidon.webserver.http.HttpRouting;
import io.vnvme.control.change.Changes;
import io.vnvme.control.service.Services;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;

/** The REST API on a Unix socket, which the file permissions close to all but the daemon's user and group. */
public final class ApiServer implements AutoCloseable {
    /** The largest request is a few hundred bytes. */
    private static final long PAYLOAD_SIZE_MAX = 64 << 10;

    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(5);

    private static final Header NO_SNIFF =
            HeaderValues.createCached(HeaderNames.create("X-Content-Type-Options"), "nosniff");
    /** Methods that change nothing (RFC 9110, section 9.2.1). */
    private static final Set<Method> SAFE = Set.of(Method.GET, Method.HEAD, Method.OPTIONS);

    private final WebServer server;
    private final BeanScope scope;
    private final Changes changes;

    private ApiServer(WebServer server, BeanScope scope, Changes changes) {
        this.server = server;
        this.scope = scope;
        this.changes = changes;
    }

    /**
     * Begins to serve.
     *
     * @param socket replaced if it is there: whoever calls holds the folder's lock
     */
    public static ApiServer start(Path socket, Services services, String version) {
        BeanScope scope = BeanScope.builder()
                .bean(Services.class, services)
                .shutdownHook(false)
                .build();
        HttpRouting.Builder routing = HttpRouting.builder();
        routing.addFilter((chain, request, response) -> {
            response.header(NO_SNIFF);
            try {
                chain.proceed();
            } finally {
                if (!SAFE.contains(request.prologue().method())) {
                    services.changes().nudge();
                }
            }
        });
        // Set up at once: a feature that is only added comes after all routes, and so after the one for what is
        // unknown.
        scope.list(HttpFeature.class).forEach(feature -> feature.setup(routing));
        routing.get("/api/v1/openapi.json", (_, response) -> {
            response.header(HeaderNames.CONTENT_TYPE, "application/json");
            response.send(OpenApi.document(version));
        });
        new WebUi("/web/").register(routing);
        new Problems(scope.get(Jsonb.class)).register(routing);
        WebServer server = WebServer.builder()
                .bindAddress(UnixDomainSocketAddress.of(socket))
                .addRouting(routing)
                .maxPayloadSize(PAYLOAD_SIZE_MAX)
                .idleConnectionTimeout(IDLE_TIMEOUT)
                .shutdownHook(false)
                .build();
        try {
            Files.deleteIfExists(socket);
            server.start();
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw----"));
        } catch (IOException e) {
            server.stop();
            throw new UncheckedIOException(e);
        }
        return new ApiServer(server, scope, services.changes());
    }

    /** Answers what is under way, then ends; the socket file is gone. */
    @Override
    public void close() {
        changes.close();
        server.stop();
        scope.close();
    }
}

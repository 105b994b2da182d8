package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.inject.BeanScope;
import io.avaje.jsonb.Jsonb;
import io.helidon.common.tls.Tls;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpFeature;
import io.helidon.webserver.http.HttpRouting;
import io.vnvme.control.audit.AuditLog;
import io.vnvme.control.auth.Certificate;
import io.vnvme.control.auth.Doorkeeper;
import io.vnvme.control.change.Changes;
import io.vnvme.control.metrics.Metrics;
import io.vnvme.control.service.Services;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The REST API and the web UI, on a Unix socket, and over TLS where that is asked for. */
public final class ApiServer implements AutoCloseable {
    /** What a daemon sends that hands a VM over; of others less is taken ({@link Bodies}). */
    private static final long PAYLOAD_SIZE_MAX = 1280 << 10;

    private static final int TCP_CONNECTIONS_MAX = 1024;
    private static final List<String> TLS_VERSIONS = List.of("TLSv1.3", "TLSv1.2");

    private static final Header NO_SNIFF =
            HeaderValues.createCached(HeaderNames.create("X-Content-Type-Options"), "nosniff");

    private final Services services;
    private final Doorkeeper doorkeeper;
    private final AuditLog audit;
    private final String version;
    private final BeanScope scope;
    private final Rules rules;
    /** Of all listeners: who asks again may come another way. */
    private final Replays replays;

    private final Metrics metrics;
    private final Preconditions preconditions;
    private final List<WebServer> servers = new ArrayList<>();
    private final List<Connections> connections = new ArrayList<>();
    private @Nullable SocketFile socketFile;

    /**
     * Where to listen for TCP.
     *
     * @param certificate what clients are shown
     */
    public record Listen(InetSocketAddress address, Certificate certificate) {}

    private ApiServer(Services services, Doorkeeper doorkeeper, AuditLog audit, String version) {
        this.services = services;
        this.doorkeeper = doorkeeper;
        this.audit = audit;
        this.version = version;
        this.metrics = new Metrics(services::observed);
        this.scope = BeanScope.builder()
                .bean(Metrics.class, metrics)
                .bean(Services.class, services)
                .bean(Doorkeeper.class, doorkeeper)
                .bean(AuditLog.class, audit)
                .shutdownHook(false)
                .build();
        this.replays = new Replays(InstantSource.system());
        this.preconditions = new Preconditions(services.tags());
        this.rules = new Rules(scope.listByAnnotation(Controller.class));
    }

    /**
     * Begins to serve.
     *
     * @param socket replaced if it is there: whoever calls holds the folder's lock
     */
    public static ApiServer start(
            Path socket,
            Optional<Listen> listen,
            Services services,
            Doorkeeper doorkeeper,
            AuditLog audit,
            String version) {
        ApiServer api = new ApiServer(services, doorkeeper, audit, version);
        try {
            api.startLocal(socket);
            listen.ifPresent(api::startRemote);
            return api;
        } catch (IOException e) {
            api.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            api.close();
            throw e;
        }
    }

    private void startLocal(Path socket) throws IOException {
        SocketFile file = new SocketFile(socket);
        socketFile = file;
        start(server(Optional.empty())
                .bindAddress(UnixDomainSocketAddress.of(file.draft()))
                .addConnectionSelector(connections(true)));
        file.show();
    }

    private void startRemote(Listen listen) {
        start(server(Optional.of(doorkeeper))
                .bindAddress(listen.address())
                .maxTcpConnections(TCP_CONNECTIONS_MAX)
                .addConnectionSelector(connections(false))
                .tls(Tls.builder()
                        .privateKey(listen.certificate().key())
                        .privateKeyCertChain(listen.certificate().chain())
                        .enabledProtocols(TLS_VERSIONS)
                        .build()));
    }

    private Connections connections(boolean local) {
        Connections taken = new Connections(local, Connections.REQUEST_WAIT);
        connections.add(taken);
        return taken;
    }

    private void start(WebServerConfig.Builder server) {
        servers.add(server.build().start());
    }

    /** @param asked who says who comes; nobody where everybody who comes may */
    private WebServerConfig.Builder server(Optional<Doorkeeper> asked) {
        return WebServer.builder()
                .addRouting(routing(asked))
                .protocolsDiscoverServices(false)
                .directHandlers(Refusals.handlers(scope.get(Jsonb.class)))
                .maxPayloadSize(PAYLOAD_SIZE_MAX)
                .shutdownHook(false);
    }

    private HttpRouting.Builder routing(Optional<Doorkeeper> asked) {
        HttpRouting.Builder routing = HttpRouting.builder();
        Changes changes = services.changes();
        routing.addFilter(new Counted(metrics.api()));
        routing.addFilter(new Traced(services.traces()));
        routing.addFilter((chain, request, response) -> {
            response.header(NO_SNIFF);
            try {
                chain.proceed();
            } finally {
                if (!Entrance.SAFE.contains(request.prologue().method())) {
                    changes.nudge();
                }
            }
        });
        routing.addFilter(new Entrance(asked));
        routing.addFilter(new WholeRequests());
        routing.addFilter(replays);
        routing.addFilter(new Audit(audit));
        routing.addFilter(preconditions);
        HttpRouting.Builder guarded = rules.guard(routing);
        // Set up at once: a feature that is only added comes after all routes, and so after the one for what is
        // unknown.
        scope.list(HttpFeature.class).forEach(feature -> feature.setup(guarded));
        guarded.get(Rules.DESCRIPTION, new Handler[] {
            (_, response) -> {
                response.header(HeaderNames.CONTENT_TYPE, "application/json");
                response.send(OpenApi.document(version, rules));
            }
        });
        new WebUi("/web/").register(routing);
        new Problems(scope.get(Jsonb.class)).register(routing);
        return routing;
    }

    /** The TCP port that it listens on; 0: none. */
    public int port() {
        return servers.size() < 2 ? 0 : servers.getLast().port();
    }

    /** Answers what is under way, then ends; the socket file is gone. */
    @Override
    public void close() {
        services.changes().close();
        servers.reversed().forEach(WebServer::stop);
        connections.forEach(Connections::close);
        if (socketFile != null) {
            socketFile.close();
        }
        scope.close();
    }
}

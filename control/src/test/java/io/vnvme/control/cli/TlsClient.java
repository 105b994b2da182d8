package io.vnvme.control.cli;

import io.avaje.jsonb.JsonType;
import io.vnvme.control.model.NewToken;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A client of a daemon's TLS port that trusts the certificate which the daemon made, for the name it asks for. */
final class TlsClient implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final ServedApi api;
    private final HttpClient client;

    TlsClient(ServedApi api) throws IOException, GeneralSecurityException {
        this.api = api;
        this.client = HttpClient.newBuilder().sslContext(context(api.folder)).build();
    }

    static SSLContext context(Path folder) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(folder.resolve("tls.crt"))) {
            trusted.setCertificateEntry(
                    "daemon", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    /** A new token's secret. */
    String token(String name, String role) throws IOException {
        String reply = api.ok("POST", "/api/v1/tokens", "{\"name\":\"%s\",\"role\":\"%s\"}".formatted(name, role));
        return ServedApi.JSONB.type(NewToken.class).fromJson(reply).secret();
    }

    /** @param headers names and values in turn */
    HttpRequest.Builder request(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("https://localhost:%d%s".formatted(api.daemon.port(), path)))
                .timeout(TIMEOUT)
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        return headers.length == 0 ? request : request.headers(headers);
    }

    HttpResponse<String> send(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        return client.send(request(method, path, body, headers).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> as(String secret, String method, String path, String body)
            throws IOException, InterruptedException {
        return send(method, path, body, "Authorization", "Bearer " + secret);
    }

    /** The lines of a stream, as they come. */
    HttpResponse<InputStream> stream(String path, String... headers) throws IOException, InterruptedException {
        return client.send(request("GET", path, "", headers).build(), BodyHandlers.ofInputStream());
    }

    /**
     * A route as the API describes itself.
     *
     * @param role the least that may ask, or {@code anyone}
     */
    record Route(String verb, String path, String role, boolean stream) {
        /** With something in the place of each parameter that there is not. */
        String example() {
            return path.replace("{id}", "999999").replaceAll("\\{\\w+}", "none");
        }
    }

    /** All routes that the API says it has. */
    static List<Route> routes(String description) {
        JsonType<Object> json = ServedApi.JSONB.type(Object.class);
        List<Route> routes = new ArrayList<>();
        map(map(json.fromJson(description)).get("paths"))
                .forEach((path, verbs) -> map(verbs).forEach((verb, operation) -> {
                    String role = String.valueOf(map(operation).get("x-vnvme-role"));
                    boolean stream = path.equals("/api/v1/changes");
                    routes.add(new Route(verb.toUpperCase(Locale.ROOT), path, role, stream));
                }));
        return routes;
    }

    static Map<String, Object> map(@Nullable Object value) {
        Map<String, Object> map = new TreeMap<>();
        ((Map<?, ?>) Objects.requireNonNull(value)).forEach((key, content) -> map.put(String.valueOf(key), content));
        return map;
    }

    static Optional<String> header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name);
    }

    @Override
    public void close() {
        client.close();
    }
}

package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.cli.TlsClient.Route;
import io.vnvme.control.model.Problem;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SessionInfo;
import io.vnvme.control.model.SystemInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in over TCP, and to what. */
@Timeout(120)
class AccessApiTest {
    @TempDir
    Path folder;

    private ServedApi api;
    private TlsClient client;

    @BeforeEach
    void setUp() throws IOException, GeneralSecurityException {
        api = new ServedApi(folder, true);
        client = new TlsClient(api);
    }

    @AfterEach
    void tearDown() {
        client.close();
        api.close();
    }

    private static String code(HttpResponse<String> response) {
        return ServedApi.JSONB.type(Problem.class).fromJson(response.body()).code();
    }

    private List<Route> routes() throws IOException {
        List<Route> routes = TlsClient.routes(api.ok("GET", "/api/v1/openapi.json", ""));
        assertThat(routes).hasSizeGreaterThan(50);
        return routes;
    }

    @Test
    void everyRouteRefusesStrangersAndRolesThatAreTooSmall() throws IOException, InterruptedException {
        Map<Role, String> secrets = new EnumMap<>(Role.class);
        for (Role role : Role.values()) {
            secrets.put(role, client.token(role.text(), role.text()));
        }
        for (Route route : routes()) {
            if (route.role().equals("anyone")) {
                assertThat(route.path()).isEqualTo("/api/v1/session");
                continue;
            }
            Role needed = Role.of(route.role()).orElseThrow();
            HttpResponse<String> stranger = client.send(route.verb(), route.example(), "");
            assertThat(stranger.statusCode()).as("a stranger's %s", route).isEqualTo(401);
            assertThat(TlsClient.header(stranger, "www-authenticate")).contains("Bearer");
            for (Role role : Role.values()) {
                if (role.covers(needed) && route.stream()) {
                    continue;
                }
                String secret = secrets.get(role);
                HttpResponse<String> response = client.as(String.valueOf(secret), route.verb(), route.example(), "");
                if (role.covers(needed)) {
                    assertThat(response.statusCode()).as("%s's %s", role, route).isNotIn(401, 403, 429, 500);
                } else {
                    assertThat(response.statusCode()).as("%s's %s", role, route).isEqualTo(403);
                    assertThat(code(response)).isEqualTo("not-allowed");
                }
            }
        }
    }

    @Test
    void whatChangesSomethingIsNoViewersAndWhatIsTheHostsIsAnAdmins() throws IOException {
        for (Route route : routes()) {
            if (!route.verb().equals("GET") && !route.path().equals("/api/v1/session")) {
                assertThat(route.role()).as("%s", route).isIn("operator", "admin");
            }
            if (route.path().matches("/api/v1/(tokens|audit).*|.*/(export|import|find|look)")) {
                assertThat(route.role()).as("%s", route).isEqualTo("admin");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/none",
                "/none",
                "/ui/../api/v1/system",
                "/ui/%2e%2e/api/v1/system",
                "/ui/..%2fapi/v1/system",
                "//api/v1/system",
                "/api/v1/system/",
                "/api/v1/session/../system",
                "/api/v1/system;x=/ui/"
            })
    void noWayRoundLeadsIn(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send("GET", path, "");
        // The page of the UI, which anyone may see, or a refusal.
        assertThat(response.statusCode()).isIn(200, 400, 401, 404);
        assertThat(response.body()).doesNotContain("uptimeSeconds");
    }

    @Test
    void headersOfProxiesLetNobodyIn() throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(
                "GET",
                "/api/v1/system",
                "",
                "X-Forwarded-For",
                "127.0.0.1",
                "Forwarded",
                "for=127.0.0.1",
                "X-Real-IP",
                "127.0.0.1",
                "X-Forwarded-User",
                "root",
                "Authorization",
                "Basic cm9vdDpyb290");
        assertThat(response.statusCode()).isEqualTo(401);
    }

    @Test
    void whoGuessesWaitsAndWhoKnowsIsLetIn() throws IOException, InterruptedException {
        String good = client.token("ci", "viewer");
        int[] seen = new int[600];
        for (int i = 0; i < 12; i++) {
            HttpResponse<String> response = client.send(
                    "GET",
                    "/api/v1/system",
                    "",
                    "Authorization",
                    "Bearer vnvme_wrong" + i,
                    "X-Forwarded-For",
                    "198.51.100." + i);
            seen[response.statusCode()]++;
            if (response.statusCode() == 429) {
                assertThat(code(response)).isEqualTo("too-many-failures");
                String wait = TlsClient.header(response, "retry-after").orElseThrow();
                assertThat(Integer.parseInt(wait)).isBetween(1, 60);
            }
        }
        assertThat(seen[401]).isEqualTo(10);
        assertThat(seen[429]).isEqualTo(2);
        assertThat(client.send("POST", "/api/v1/session", "{\"token\":\"wrong\"}")
                        .statusCode())
                .isEqualTo(429);
        assertThat(client.as(good, "GET", "/api/v1/system", "").statusCode()).isEqualTo(200);
    }

    @Test
    void aBrowserSignsInChangesSomethingAndSignsOut() throws IOException, InterruptedException {
        String secret = client.token("alice", "operator");
        HttpResponse<String> signedIn = client.send("POST", "/api/v1/session", "{\"token\":\"%s\"}".formatted(secret));
        assertThat(signedIn.statusCode()).as(signedIn.body()).isEqualTo(201);
        String set = TlsClient.header(signedIn, "set-cookie").orElseThrow();
        assertThat(set).startsWith("__Host-vnvme=").contains("Secure", "HttpOnly", "SameSite=Strict", "Path=/");
        assertThat(set).doesNotContain(secret).doesNotContain("Domain");
        String cookie = set.substring(0, set.indexOf(';'));
        SessionInfo session = ServedApi.JSONB.type(SessionInfo.class).fromJson(signedIn.body());
        assertThat(session.name()).isEqualTo("alice");
        String csrf = String.valueOf(session.csrf());

        String group = "{\"name\":\"blue\"}";
        HttpResponse<String> forged = client.send("POST", "/api/v1/groups", group, "Cookie", cookie);
        assertThat(forged.statusCode()).isEqualTo(403);
        assertThat(code(forged)).isEqualTo("csrf");
        HttpResponse<String> guessed =
                client.send("POST", "/api/v1/groups", group, "Cookie", cookie, "X-CSRF-Token", csrf + "x");
        assertThat(guessed.statusCode()).isEqualTo(403);
        HttpResponse<String> meant =
                client.send("POST", "/api/v1/groups", group, "Cookie", cookie, "X-CSRF-Token", csrf);
        assertThat(meant.statusCode()).as(meant.body()).isEqualTo(201);
        HttpResponse<String> who = client.send("GET", "/api/v1/session", "", "Cookie", cookie);
        assertThat(ServedApi.JSONB.type(SessionInfo.class).fromJson(who.body()))
                .isEqualTo(new SessionInfo("alice", "operator", "session", csrf));
        assertThat(client.send("GET", "/api/v1/tokens", "", "Cookie", cookie).statusCode())
                .isEqualTo(403);

        HttpResponse<String> out = client.send("DELETE", "/api/v1/session", "", "Cookie", cookie, "X-CSRF-Token", csrf);
        assertThat(out.statusCode()).isEqualTo(200);
        assertThat(TlsClient.header(out, "set-cookie").orElseThrow()).contains("Expires=", " 1970 ");
        assertThat(client.send("GET", "/api/v1/session", "", "Cookie", cookie).statusCode())
                .isEqualTo(401);
    }

    @Test
    void aStreamEndsWhenItsTokenIsRemoved() throws IOException, InterruptedException {
        String secret = client.token("ci", "viewer");
        HttpResponse<InputStream> stream = client.stream("/api/v1/changes", "Authorization", "Bearer " + secret);
        assertThat(stream.statusCode()).isEqualTo(200);
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("retry: 1000");
            api.ok("DELETE", "/api/v1/tokens/ci", "");
            api.ok("POST", "/api/v1/groups", "{\"name\":\"secret\"}");
            assertThat(lines.lines().filter(line -> line.contains("secret"))).isEmpty();
        }
        assertThat(client.as(secret, "GET", "/api/v1/system", "").statusCode()).isEqualTo(401);
    }

    @Test
    void anOperatorMakesVnvmesInPoolsThatThereAre() throws IOException, InterruptedException {
        String secret = client.token("bob", "operator");
        String body = "{\"name\":\"d1\",\"sizeBytes\":1048576}";
        api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        HttpResponse<String> early = client.as(secret, "POST", "/api/v1/vnvmes", body);
        assertThat(early.statusCode()).isEqualTo(403);
        assertThat(code(early)).isEqualTo("not-allowed");
        api.ok("POST", "/api/v1/pools", "{\"name\":\"p\",\"drives\":[\"ram0\"]}");
        assertThat(client.as(secret, "POST", "/api/v1/vnvmes", body).statusCode())
                .isEqualTo(201);
    }

    @Test
    void noOtherPageMayAsk() throws IOException, InterruptedException {
        String secret = client.token("ci", "admin");
        HttpResponse<String> response = client.send(
                "GET", "/api/v1/system", "", "Authorization", "Bearer " + secret, "Origin", "https://evil.example");
        assertThat(response.headers().map().keySet()).noneMatch(name -> name.startsWith("access-control-"));
        HttpResponse<String> asked = client.send(
                "OPTIONS",
                "/api/v1/groups",
                "",
                "Origin",
                "https://evil.example",
                "Access-Control-Request-Method",
                "POST");
        assertThat(asked.statusCode()).isEqualTo(401);
        assertThat(asked.headers().map().keySet()).noneMatch(name -> name.startsWith("access-control-"));
    }

    @Test
    void overTheUnixSocketOneIsAnAdminByOnesUser() throws IOException {
        SessionInfo info = ServedApi.JSONB.type(SessionInfo.class).fromJson(api.ok("GET", "/api/v1/session", ""));
        assertThat(info).isEqualTo(new SessionInfo("user " + System.getProperty("user.name"), "admin", "socket", null));
    }

    @Test
    void onlyTlsOfTodayIsSpoken() throws IOException, GeneralSecurityException {
        for (String version : List.of("TLSv1.2", "TLSv1.3")) {
            assertThat(spoken(version)).isEqualTo(version);
        }
        for (String version : List.of("TLSv1", "TLSv1.1")) {
            assertThatThrownBy(() -> spoken(version)).isInstanceOf(SSLException.class);
        }
    }

    private String spoken(String version) throws IOException, GeneralSecurityException {
        try (SSLSocket socket =
                (SSLSocket) TlsClient.context(folder).getSocketFactory().createSocket("localhost", api.daemon.port())) {
            socket.setEnabledProtocols(new String[] {version});
            socket.startHandshake();
            return socket.getSession().getProtocol();
        }
    }

    @Test
    void theCommandLineComesByTokenAndFingerprint() throws IOException {
        SystemInfo system = ServedApi.JSONB.type(SystemInfo.class).fromJson(api.ok("GET", "/api/v1/system", ""));
        String server = "https://localhost:" + api.daemon.port();
        assertThat("https://" + system.listen()).isEqualTo("https://localhost:" + api.daemon.port());
        Path file = Files.writeString(folder.resolve("token"), client.token("ci", "operator") + "\n");
        String fingerprint = String.valueOf(system.fingerprint());
        ApiClient known = new ApiClient(new TlsTransport(server, file, Optional.of(fingerprint)));
        known.post("/api/v1/groups", Map.of("name", "blue"));
        assertThat(known.get("/api/v1/groups")).contains("blue");
        assertThatThrownBy(() -> known.get("/api/v1/tokens"))
                .isInstanceOf(CliException.class)
                .hasMessageContaining("needs admin");
        String other = fingerprint.substring(3) + ":00";
        assertThatThrownBy(() -> new ApiClient(new TlsTransport(server, file, Optional.of(other))).get("/"))
                .isInstanceOf(CliException.class)
                .hasMessageContaining(fingerprint);
        assertThatThrownBy(() -> new ApiClient(new TlsTransport(server, file, Optional.empty())).get("/"))
                .isInstanceOf(CliException.class)
                .hasMessageContaining("--fingerprint");
        Path none = Files.writeString(folder.resolve("none"), "two lines\nof text");
        assertThatThrownBy(() -> new TlsTransport(server, none, Optional.empty()))
                .hasMessageContaining("holds no token");
        assertThatThrownBy(() -> new TlsTransport("http://localhost", file, Optional.empty()))
                .hasMessageContaining("https://host:8443");
    }
}

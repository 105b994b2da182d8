package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.AuditInfo;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the audit log says of requests, and what the API does without it. */
@Timeout(120)
class AuditApiTest {
    @TempDir
    Path folder;

    /** All of them, once the last is answered there too: who asked has the answer a little earlier. */
    private static List<AuditInfo> entries(ServedApi api) {
        return await().until(
                        () -> ServedApi.JSONB.type(AuditInfo.class).list().fromJson(api.ok("GET", "/api/v1/audit", "")),
                        entries -> entries.stream().allMatch(e -> e.status() != null));
    }

    @Test
    void saysWhoAskedWhatAndHowItEnded() throws IOException, GeneralSecurityException, InterruptedException {
        try (ServedApi api = new ServedApi(folder, true);
                TlsClient client = new TlsClient(api)) {
            String viewer = client.token("eve", "viewer");
            String operator = client.token("bob", "operator");
            assertThat(client.as(operator, "POST", "/api/v1/groups", "{\"name\":\"blue\"}")
                            .statusCode())
                    .isEqualTo(201);
            assertThat(client.as(viewer, "DELETE", "/api/v1/groups/blue?force=true", "")
                            .statusCode())
                    .isEqualTo(403);
            assertThat(client.as("vnvme_wrong", "DELETE", "/api/v1/groups/blue", "")
                            .statusCode())
                    .isEqualTo(401);
            assertThat(client.send("DELETE", "/api/v1/groups/blue", "").statusCode())
                    .isEqualTo(401);
            client.as(operator, "GET", "/api/v1/groups", "");
            List<AuditInfo> entries = entries(api);
            String admin = "user " + System.getProperty("user.name");
            assertThat(entries)
                    .extracting(e -> "%s|%s|%s|%s".formatted(e.who(), e.via(), e.what(), e.status()))
                    .containsExactly(
                            admin + "|socket|POST /api/v1/tokens {name=eve role=viewer}|201",
                            admin + "|socket|POST /api/v1/tokens {name=bob role=operator}|201",
                            "bob|token|POST /api/v1/groups {name=blue}|201",
                            "eve|token|DELETE /api/v1/groups/blue ?force=true|403",
                            "-|-|sign in|401");
            assertThat(entries)
                    .extracting(AuditInfo::from)
                    .containsExactly("-", "-", "127.0.0.1", "127.0.0.1", "127.0.0.1");
        }
    }

    @Test
    void secretsAreNotInIt() throws IOException, GeneralSecurityException, InterruptedException {
        String passphrase = "correct-horse-battery";
        String key = "{\"key\":{\"passphrase\":\"%s\"}".formatted(passphrase);
        try (ServedApi api = new ServedApi(folder, true);
                TlsClient client = new TlsClient(api)) {
            String secret = client.token("ci", "admin");
            HttpResponse<String> session =
                    client.send("POST", "/api/v1/session", "{\"token\":\"%s\"}".formatted(secret));
            assertThat(session.statusCode()).isEqualTo(201);
            api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
            api.request("POST", "/api/v1/vnvmes", key + ",\"name\":\"d1\",\"sizeBytes\":1048576}");
            api.request("POST", "/api/v1/vnvmes/d1/unlock", key + "}");
            api.request(
                    "POST",
                    "/api/v1/vnvmes/import",
                    "{\"file\":\"/none\",\"vnvme\":%s,\"name\":\"d2\"}}".formatted(key));
            api.request("POST", "/api/v1/vnvmes", "{\"passphrase\":\"" + passphrase);
            client.send("POST", "/api/v1/session", "{\"token\":\"%s\"}".formatted(passphrase));
            String written = Files.readString(folder.resolve("audit.jsonl"));
            assertThat(written).contains("name=d1", "/api/v1/vnvmes/d1/unlock", "name=d2");
            assertThat(written).doesNotContain(passphrase).doesNotContain(secret);
            String cookie = TlsClient.header(session, "set-cookie").orElseThrow();
            assertThat(written).doesNotContain(cookie.substring(cookie.indexOf('=') + 1, cookie.indexOf(';')));
            assertThat(api.ok("GET", "/api/v1/audit", "")).doesNotContain(passphrase, secret);
            assertThat(entries(api))
                    .filteredOn(e -> e.what().equals("sign in"))
                    .extracting(AuditInfo::who, AuditInfo::status)
                    .containsExactly(tuple("ci", 201), tuple("-", 401));
        }
    }

    /** /dev/full is a disk without room. */
    @Test
    void withoutRoomForItNothingIsChanged() throws IOException {
        Files.createSymbolicLink(folder.resolve("audit.jsonl"), Path.of("/dev/full"));
        try (ServedApi api = new ServedApi(folder)) {
            ServedApi.assertProblem(
                    api.request("POST", "/api/v1/groups", "{\"name\":\"blue\"}"), 507, "audit-unwritable");
            assertThat(api.ok("GET", "/api/v1/groups", "")).isEqualTo("[]");
            Files.delete(folder.resolve("audit.jsonl"));
            api.restart();
            api.ok("POST", "/api/v1/groups", "{\"name\":\"blue\"}");
            assertThat(entries(api)).hasSize(1);
        }
    }
}

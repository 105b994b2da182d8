package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.GroupInfo;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests that are sent again, that depend on what somebody has seen, and lists in parts. */
@Timeout(120)
class RepeatedRequestsTest {
    @TempDir
    Path folder;

    private ServedApi api;

    @BeforeEach
    void setUp() {
        api = new ServedApi(folder, true);
    }

    @AfterEach
    void tearDown() {
        api.close();
    }

    private HttpReply keyed(String key, String path, String body) throws IOException {
        return api.request("POST", path, "Idempotency-Key: %s\r\n".formatted(key), body);
    }

    @Test
    void theSameKeyGetsTheSameAnswerAndNothingIsDoneTwice() throws IOException {
        api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        String body = "{\"name\":\"d1\",\"sizeBytes\":1048576}";
        HttpReply first = keyed("k1", "/api/v1/vnvmes", body);
        assertThat(first.status()).as(first.body()).isEqualTo(201);
        assertThat(first.headers()).doesNotContainKey("idempotent-replayed");
        HttpReply again = keyed("k1", "/api/v1/vnvmes", body);
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body()).contains("\"d1\"");
        assertThat(again.headers())
                .containsEntry("idempotent-replayed", "true")
                .containsEntry("content-type", first.headers().getOrDefault("content-type", ""));
        ServedApi.assertProblem(keyed("k1", "/api/v1/vnvmes", body.replace("d1", "d2")), 422, "key-reused");
        ServedApi.assertProblem(keyed("k1", "/api/v1/vnvmes?x=1", body), 422, "key-reused");
        ServedApi.assertProblem(keyed("k2", "/api/v1/vnvmes", body), 409, "name-taken");
        ServedApi.assertProblem(keyed("two words", "/api/v1/vnvmes", body), 400, "bad-request");
        ServedApi.assertProblem(keyed("k".repeat(201), "/api/v1/vnvmes", body), 400, "bad-request");
    }

    @Test
    void whoHasTheAnswerGetsItAgainAtOnce() throws IOException {
        for (int i = 0; i < 200; i++) {
            String key = "k" + i;
            String body = "{\"name\":\"g%d\"}".formatted(i);
            HttpReply first = keyed(key, "/api/v1/groups", body);
            HttpReply again = keyed(key, "/api/v1/groups", body);
            assertThat(first.status()).as(first.body()).isEqualTo(201);
            assertThat(again.status()).as(again.body()).isEqualTo(201);
        }
    }

    @Test
    void whatFailedMayBeTriedAgain() throws IOException {
        String body = "{\"name\":\"d1\",\"sizeBytes\":1048576}";
        ServedApi.assertProblem(keyed("k1", "/api/v1/vnvmes", body), 409, "no-drive");
        api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        assertThat(keyed("k1", "/api/v1/vnvmes", body).status()).isEqualTo(201);
    }

    @Test
    void aKeyIsWhoseItIsAndSecretsAreNotKept() throws IOException, GeneralSecurityException, InterruptedException {
        try (TlsClient client = new TlsClient(api)) {
            String body = "{\"name\":\"blue\"}";
            assertThat(keyed("k1", "/api/v1/groups", body).status()).isEqualTo(201);
            HttpResponse<String> other = client.send(
                    "POST",
                    "/api/v1/groups",
                    body,
                    "Authorization",
                    "Bearer " + client.token("bob", "operator"),
                    "Idempotency-Key",
                    "k1");
            assertThat(other.statusCode()).isEqualTo(409);
            String token = "{\"name\":\"ci\",\"role\":\"viewer\"}";
            assertThat(keyed("k3", "/api/v1/tokens", token).status()).isEqualTo(201);
            ServedApi.assertProblem(keyed("k3", "/api/v1/tokens", token), 409, "name-taken");
        }
    }

    private String tag(String path) throws IOException {
        return api.request("GET", path, "").headers().getOrDefault("etag", "none");
    }

    private HttpReply conditional(String tag, String method, String path, String body) throws IOException {
        return api.request(method, path, "If-Match: " + tag + "\r\n", body);
    }

    @Test
    void aChangeOfWhatIsNoLongerSoIsRefused() throws IOException {
        api.ok("POST", "/api/v1/groups", "{\"name\":\"blue\",\"limits\":{\"iops\":100}}");
        String seen = tag("/api/v1/groups/blue");
        assertThat(seen).matches("\"[0-9a-f]{32}\"").isEqualTo(tag("/api/v1/groups/blue"));
        HttpReply mine = conditional(seen, "POST", "/api/v1/groups/blue", "{\"iops\":200}");
        assertThat(mine.status()).as(mine.body()).isEqualTo(200);
        ServedApi.assertProblem(
                conditional(seen, "POST", "/api/v1/groups/blue", "{\"iops\":300}"), 412, "changed-meanwhile");
        ServedApi.assertProblem(conditional(seen, "DELETE", "/api/v1/groups/blue", ""), 412, "changed-meanwhile");
        assertThat(ServedApi.JSONB
                        .type(GroupInfo.class)
                        .fromJson(api.ok("GET", "/api/v1/groups/blue", ""))
                        .limits()
                        .iops())
                .isEqualTo(200);
        String now = tag("/api/v1/groups/blue");
        assertThat(now).isNotEqualTo(seen);
        assertThat(conditional("\"x\", " + now, "DELETE", "/api/v1/groups/blue", "")
                        .status())
                .isEqualTo(200);
        ServedApi.assertProblem(conditional("*", "DELETE", "/api/v1/groups/blue", ""), 412, "changed-meanwhile");
        ServedApi.assertProblem(
                conditional("*", "POST", "/api/v1/groups", "{\"name\":\"red\"}"), 412, "changed-meanwhile");
    }

    @Test
    void everyResourceThatChangesHasATag() throws IOException {
        api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        api.ok("POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}");
        api.ok("POST", "/api/v1/vnvmes/d1/snapshots", "{\"name\":\"s\"}");
        String drive = tag("/api/v1/drives/ram0");
        String pool = tag("/api/v1/pools/pool0");
        String vnvme = tag("/api/v1/vnvmes/d1");
        assertThat(new String[] {drive, pool, vnvme, tag("/api/v1/snapshots/d1@s")})
                .doesNotContain("none")
                .doesNotHaveDuplicates();
        api.ok("POST", "/api/v1/pools/pool0/hold", "{\"seconds\":7}");
        assertThat(tag("/api/v1/pools/pool0")).isNotEqualTo(pool);
        api.ok("POST", "/api/v1/vnvmes/d1/resize", "{\"sizeBytes\":2097152}");
        assertThat(tag("/api/v1/vnvmes/d1")).isNotEqualTo(vnvme);
        ServedApi.assertProblem(
                conditional(vnvme, "POST", "/api/v1/vnvmes/d1/resize", "{\"sizeBytes\":4194304}"),
                412,
                "changed-meanwhile");
        assertThat(tag("/api/v1/drives/ram0")).isEqualTo(drive);
    }

    @Test
    void aListComesInPartsThatNothingIsMissingFrom() throws IOException {
        for (int i = 0; i < 7; i++) {
            api.ok("POST", "/api/v1/groups", "{\"name\":\"g%d\"}".formatted(6 - i));
        }
        assertThat(names("/api/v1/groups")).containsExactly("g6", "g5", "g4", "g3", "g2", "g1", "g0");
        HttpReply part = api.request("GET", "/api/v1/groups?limit=3", "");
        assertThat(part.headers()).containsEntry("link", "</api/v1/groups?limit=3&after=g2>; rel=\"next\"");
        assertThat(names("/api/v1/groups?limit=3")).containsExactly("g0", "g1", "g2");
        api.ok("DELETE", "/api/v1/groups/g2", "");
        assertThat(names("/api/v1/groups?limit=3&after=g2")).containsExactly("g3", "g4", "g5");
        HttpReply last = api.request("GET", "/api/v1/groups?limit=3&after=g5", "");
        assertThat(last.headers()).doesNotContainKey("link");
        assertThat(names("/api/v1/groups?after=g5")).containsExactly("g6");
        for (String limit : new String[] {"0", "-1", "1001", "x"}) {
            ServedApi.assertProblem(api.request("GET", "/api/v1/groups?limit=" + limit, ""), 400, "bad-request");
        }
        ApiClient client = new ApiClient(folder);
        assertThat(client.readList(client.get("/api/v1/groups?limit=2"), GroupInfo.class))
                .extracting(GroupInfo::name)
                .containsExactly("g0", "g1", "g3", "g4", "g5", "g6");
    }

    private List<String> names(String path) throws IOException {
        return ServedApi.JSONB.type(GroupInfo.class).list().fromJson(api.ok("GET", path, "")).stream()
                .map(GroupInfo::name)
                .toList();
    }
}

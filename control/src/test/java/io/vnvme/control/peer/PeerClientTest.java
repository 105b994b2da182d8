package io.vnvme.control.peer;

import static io.vnvme.control.peer.AnsweringPeer.reply;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.RenameVnvme;
import io.vnvme.control.model.TokenInfo;
import io.vnvme.control.store.PeerRecord;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PeerClientTest {
    private static final String TOKEN = "{\"name\":\"a\",\"role\":\"viewer\",\"createdAt\":\"now\"}";
    private static final Duration SOON = Duration.ofMillis(300);

    @TempDir
    Path folder;

    private AnsweringPeer answering(Function<String, byte[]> answers) throws IOException, GeneralSecurityException {
        return new AnsweringPeer(folder, answers);
    }

    private static void assertProblem(ProblemCode code, String says, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class, e -> {
            assertThat(e.code()).as(e.detail()).isEqualTo(code);
            assertThat(e.detail()).startsWith("west: ").contains(says).doesNotContain("\n", "vnvme_secret");
        });
    }

    @Test
    void asksWithItsTokenOverOneConnection() throws IOException, GeneralSecurityException {
        try (AnsweringPeer peer = answering(_ -> reply(200, TOKEN))) {
            PeerClient client = new PeerClient(peer.record());
            assertThat(client.name()).isEqualTo("west");
            assertThat(client.hostName()).isEqualTo("127.0.0.1");
            assertThat(client.get("/api/v1/a?b=c", TokenInfo.class).role()).isEqualTo("viewer");
            assertThat(client.post("/api/v1/b", new RenameVnvme("x"), TokenInfo.class)
                            .name())
                    .isEqualTo("a");
            client.post("/api/v1/c", null);
            client.put("/api/v1/d", new RenameVnvme("y"));
            client.put("/api/v1/e", MemorySegment.ofArray(new byte[] {1, 2, 3}));
            client.withLimit(Duration.ofSeconds(20)).delete("/api/v1/f");
            assertThat(peer.requests)
                    .extracting(r -> r.lines().findFirst().orElseThrow())
                    .containsExactly(
                            "GET /api/v1/a?b=c HTTP/1.1",
                            "POST /api/v1/b HTTP/1.1",
                            "POST /api/v1/c HTTP/1.1",
                            "PUT /api/v1/d HTTP/1.1",
                            "PUT /api/v1/e HTTP/1.1",
                            "DELETE /api/v1/f HTTP/1.1");
            assertThat(peer.requests).allMatch(r -> r.contains("Authorization: Bearer vnvme_secret\r\n"));
            assertThat(peer.requests.get(1))
                    .contains("Content-Type: application/json\r\n")
                    .endsWith("{\"name\":\"x\"}");
            assertThat(peer.requests.get(4))
                    .contains("Content-Type: application/octet-stream\r\n")
                    .endsWith("\r\n\r\n\1\2\3");
            assertThat(peer.ports.stream().distinct()).hasSize(1);
            client.end();
        }
    }

    @Test
    void putsListsTogether() throws IOException, GeneralSecurityException {
        try (AnsweringPeer peer = answering(r -> r.startsWith("GET /tokens?after=a ")
                ? reply(200, "[" + TOKEN.replace("\"a\"", "\"b\"") + "]")
                : new String(reply(200, "[" + TOKEN + "]"), StandardCharsets.UTF_8)
                        .replace("\r\n\r\n", "\r\nLink: </tokens?after=a>; rel=\"next\"\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8))) {
            assertThat(new PeerClient(peer.record()).list("/tokens", TokenInfo.class))
                    .extracting(TokenInfo::name)
                    .containsExactly("a", "b");
        }
    }

    @Test
    void tellsNothingToWhoeverShowsAnotherCertificate() throws IOException, GeneralSecurityException {
        try (AnsweringPeer peer = answering(_ -> reply(200, TOKEN))) {
            PeerClient client = new PeerClient(peer.record("00:11"));
            assertProblem(
                    ProblemCode.PEER_UNTRUSTED, peer.fingerprint(), () -> client.get("/api/v1/a", TokenInfo.class));
            assertThat(peer.requests).isEmpty();
            assertThat(PeerClient.fingerprintAt("west", peer.address(), Duration.ofSeconds(10)))
                    .isEqualTo(peer.fingerprint());
            assertThat(peer.requests).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "404, unknown-vnvme, UNKNOWN_VNVME",
        "404, unknown-resource, UNKNOWN_RESOURCE",
        "409, no-space, NO_SPACE",
        "401, unauthenticated, PEER_REFUSED",
        "403, not-allowed, PEER_REFUSED",
        "429, too-many-failures, PEER_REFUSED",
        "500, internal, PEER_FAILED",
        "409, of-a-later-version, PEER_FAILED",
        "409, internal, PEER_FAILED"
    })
    void problemsAreThePeers(int status, String code, ProblemCode expected)
            throws IOException, GeneralSecurityException {
        try (AnsweringPeer peer = answering(_ -> reply(
                status,
                "{\"type\":\"x\",\"title\":\"x\",\"status\":%d,\"detail\":\"it is\\nso\",\"code\":\"%s\"}"
                        .formatted(status, code)))) {
            assertProblem(expected, "it is so", () -> new PeerClient(peer.record()).delete("/api/v1/a"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no JSON", "[]", "7", "null", "{", "{\"name\":{}}", "[[[["})
    void whatMakesNoSenseIsAnError(String body) throws IOException, GeneralSecurityException {
        String sent = body.equals("[[[[") ? "[".repeat(3 << 20) : body;
        try (AnsweringPeer peer = answering(_ -> reply(200, sent))) {
            PeerClient client = new PeerClient(peer.record());
            assertProblem(ProblemCode.PEER_FAILED, "no sense", () -> client.get("/a", TokenInfo.class));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 302, 400, 404, 503, 599})
    void aStatusWithoutWordsIsAnErrorToo(int status) throws IOException, GeneralSecurityException {
        try (AnsweringPeer peer = answering(_ -> reply(status, status == 204 ? "" : "<html>"))) {
            PeerClient client = new PeerClient(peer.record());
            assertProblem(
                    ProblemCode.PEER_FAILED,
                    status == 204 ? "no sense" : "HTTP status " + status,
                    () -> client.get("/a", TokenInfo.class));
        }
    }

    @Test
    void anAnswerThatIsTooLargeIsNotKept() throws IOException, GeneralSecurityException {
        byte[] large = new byte[5 << 20];
        Arrays.fill(large, (byte) ' ');
        try (AnsweringPeer peer = answering(_ -> reply(200, new String(large, StandardCharsets.US_ASCII)))) {
            PeerClient client = new PeerClient(peer.record());
            assertProblem(ProblemCode.PEER_FAILED, "4 MiB", () -> client.get("/a", TokenInfo.class));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"})
    void oneThatSaysNoMoreIsUnreachable(String said) throws IOException, GeneralSecurityException {
        try (AnsweringPeer peer = answering(_ -> said.getBytes(StandardCharsets.US_ASCII))) {
            PeerClient client = new PeerClient(peer.record()).withLimit(SOON);
            assertProblem(ProblemCode.PEER_UNREACHABLE, "127.0.0.1", () -> client.get("/a", TokenInfo.class));
        }
    }

    @Test
    void oneThatHangsIsNotWaitedForAndAnswersAgainLater() throws IOException, GeneralSecurityException {
        CountDownLatch hangs = new CountDownLatch(1);
        try (AnsweringPeer peer = answering(r -> r.startsWith("GET /hang ") ? late(hangs) : reply(200, TOKEN))) {
            PeerClient client = new PeerClient(peer.record());
            assertProblem(
                    ProblemCode.PEER_UNREACHABLE,
                    "within 300 ms",
                    () -> client.withLimit(SOON).get("/hang", TokenInfo.class));
            assertThat(client.get("/a", TokenInfo.class).name()).isEqualTo("a");
            hangs.countDown();
        }
    }

    private static byte[] late(CountDownLatch hangs) {
        try {
            hangs.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return reply(200, TOKEN);
    }

    @Test
    void whereNobodyIsNothingIsTrusted() throws IOException, GeneralSecurityException {
        int port;
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = silent.getLocalPort();
            PeerClient client = new PeerClient(new PeerRecord("west", "127.0.0.1:" + port, "00", "x")).withLimit(SOON);
            assertProblem(ProblemCode.PEER_UNREACHABLE, "127.0.0.1", () -> client.get("/a", TokenInfo.class));
            assertProblem(
                    ProblemCode.PEER_UNREACHABLE,
                    "127.0.0.1",
                    () -> PeerClient.fingerprintAt("west", "127.0.0.1:" + port, SOON));
        }
        PeerClient client = new PeerClient(new PeerRecord("west", "127.0.0.1:" + port, "00", "x"));
        assertProblem(ProblemCode.PEER_UNREACHABLE, "does not answer", () -> client.get("/a", TokenInfo.class));
        PeerClient nowhere = new PeerClient(new PeerRecord("west", "no.such.host.invalid", "00", "x"));
        assertProblem(
                ProblemCode.PEER_UNREACHABLE,
                "no.such.host.invalid:8443 does not answer",
                () -> nowhere.get("/a", TokenInfo.class));
    }

    @Test
    void onesWhoseConnectionsEndedGetsANewOne() throws IOException, GeneralSecurityException {
        String once = new String(reply(200, TOKEN), StandardCharsets.UTF_8)
                .replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        try (AnsweringPeer peer = answering(_ -> once.getBytes(StandardCharsets.UTF_8))) {
            PeerClient client = new PeerClient(peer.record());
            client.delete("/a");
            client.delete("/a");
            assertThat(peer.ports.stream().distinct()).hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":1", "a:b", "a:0", "a/b", "a@b:1", "[::1", "a_b:1", "a b", "a:70000", "a?b"})
    void anAddressThatIsNone(String address) {
        assertThatThrownBy(() -> new PeerClient(new PeerRecord("west", address, "00", "x")))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.BAD_REQUEST));
    }

    @Test
    void addressesOfIpVersionSix() {
        assertThat(new PeerClient(new PeerRecord("west", "[::1]:9", "00", "x")).hostName())
                .isEqualTo("::1");
    }
}

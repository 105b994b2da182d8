package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.AddPeer;
import io.vnvme.control.model.CreateGroup;
import io.vnvme.control.model.GroupInfo;
import io.vnvme.control.model.NewToken;
import io.vnvme.control.model.PeerInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.peer.PeerClient;
import io.vnvme.control.store.PeerFile;
import io.vnvme.control.store.PeerRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A daemon and another that it knows, both as they are. */
@Timeout(120)
class PeersApiTest {
    @TempDir
    Path folder;

    private ServedApi here;
    private ServedApi there;

    @BeforeEach
    void setUp() throws IOException {
        here = new ServedApi(Files.createDirectory(folder.resolve("here")), true);
        there = new ServedApi(Files.createDirectory(folder.resolve("there")), true);
    }

    @AfterEach
    void tearDown() {
        here.close();
        there.close();
    }

    private static String token(ServedApi api, String name, String role) throws IOException {
        String reply = api.ok("POST", "/api/v1/tokens", "{\"name\":\"%s\",\"role\":\"%s\"}".formatted(name, role));
        return ServedApi.JSONB.type(NewToken.class).fromJson(reply).secret();
    }

    private static String address(ServedApi api) {
        return "localhost:" + api.daemon.port();
    }

    private static String fingerprint(ServedApi api) throws IOException {
        return String.valueOf(ServedApi.JSONB
                .type(SystemInfo.class)
                .fromJson(api.ok("GET", "/api/v1/system", ""))
                .fingerprint());
    }

    private HttpReply add(String name, String address, String token, String fingerprint) throws IOException {
        AddPeer request = new AddPeer(name, address, token, fingerprint.isEmpty() ? null : fingerprint);
        return here.request("POST", "/api/v1/peers", ServedApi.JSONB.toJson(request));
    }

    private static PeerInfo info(String json) {
        return ServedApi.JSONB.type(PeerInfo.class).fromJson(json);
    }

    private List<PeerInfo> list() throws IOException {
        return ServedApi.JSONB.type(PeerInfo.class).list().fromJson(here.ok("GET", "/api/v1/peers", ""));
    }

    @Test
    void oneThatIsAddedIsAskedAndOutlivesTheDaemon() throws IOException {
        String secret = token(there, "from-here", "operator");
        HttpReply added = add("west", address(there), secret, "");
        assertThat(added.status()).as(added.body()).isEqualTo(201);
        PeerInfo west = info(added.body());
        assertThat(west)
                .isEqualTo(new PeerInfo(
                        "west",
                        address(there),
                        fingerprint(there),
                        "reachable",
                        "test",
                        "this daemon is from-here there, operator"));
        assertThat(list()).containsExactly(west);
        assertThat(info(here.ok("GET", "/api/v1/peers/west", ""))).isEqualTo(west);
        here.restart();
        assertThat(list()).containsExactly(west);
        PeerClient client = here.daemon.services().peers().client("west");
        assertThat(client.name()).isEqualTo("west");
        assertThat(client.hostName()).isEqualTo("localhost");
        client.post("/api/v1/groups", new CreateGroup("g", null));
        assertThat(client.list("/api/v1/groups", GroupInfo.class))
                .extracting(GroupInfo::name)
                .containsExactly("g");
        client.delete("/api/v1/groups/g");
        assertThatThrownBy(() -> client.delete("/api/v1/groups/g"))
                .isInstanceOfSatisfying(ProblemException.class, e -> {
                    assertThat(e.code()).isEqualTo(ProblemCode.UNKNOWN_GROUP);
                    assertThat(e.detail()).startsWith("west: ");
                });
        here.ok("DELETE", "/api/v1/peers/west", "");
        assertThat(list()).isEmpty();
        ServedApi.assertProblem(here.request("GET", "/api/v1/peers/west", ""), 404, "unknown-peer");
        ServedApi.assertProblem(here.request("DELETE", "/api/v1/peers/west", ""), 404, "unknown-peer");
        assertThat(there.ok("GET", "/api/v1/tokens", "")).contains("from-here");
    }

    @Test
    void itsTokenIsShownNowhere() throws IOException {
        String secret = token(there, "from-here", "operator");
        String added = add("west", address(there), secret, "").body();
        String all = added + here.ok("GET", "/api/v1/peers", "") + here.ok("GET", "/api/v1/audit", "");
        assertThat(all).contains("POST /api/v1/peers", "name=west").doesNotContain(secret);
        assertThat(Files.readString(here.folder.resolve("audit.jsonl"))).doesNotContain(secret);
        assertThat(Files.readString(here.folder.resolve("peers.json"))).contains(secret);
    }

    private static int portOfNobody() throws IOException {
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return nobody.getLocalPort();
        }
    }

    @Test
    void whoeverIsNotAsWasSaidIsNotAdded() throws IOException {
        String secret = token(there, "from-here", "operator");
        String right = fingerprint(there);
        ServedApi.assertProblem(add("west", address(there), secret, fingerprint(here)), 409, "peer-untrusted");
        ServedApi.assertProblem(add("west", address(there), secret, "ab:cd"), 400, "bad-request");
        ServedApi.assertProblem(add("west", address(there), "vnvme_another", right), 409, "peer-refused");
        ServedApi.assertProblem(add("west", address(there), "no token\n", right), 400, "bad-request");
        ServedApi.assertProblem(add("west", "a b", secret, right), 400, "bad-request");
        ServedApi.assertProblem(add("West!", address(there), secret, right), 400, "bad-name");
        HttpReply viewer = add("west", address(there), token(there, "looks", "viewer"), right);
        ServedApi.assertProblem(viewer, 409, "peer-refused");
        assertThat(viewer.body()).contains("--role operator");
        HttpReply self = add("west", address(here), token(here, "self", "admin"), "");
        ServedApi.assertProblem(self, 400, "bad-request");
        assertThat(self.body()).contains("that is this daemon");
        String nowhere = "127.0.0.1:" + portOfNobody();
        ServedApi.assertProblem(add("west", nowhere, secret, ""), 409, "peer-unreachable");
        ServedApi.assertProblem(add("west", nowhere, secret, right), 409, "peer-unreachable");
        assertThat(list()).isEmpty();
        assertThat(Files.exists(here.folder.resolve("peers.json"))).isFalse();
        assertThat(add("west", address(there), secret, right.replace(":", "").toLowerCase(Locale.ROOT))
                        .status())
                .isEqualTo(201);
        assertThat(list()).extracting(PeerInfo::fingerprint).containsExactly(right);
        ServedApi.assertProblem(add("west", address(there), secret, right), 409, "name-taken");
    }

    @Test
    void aListSaysWhatIsWrongWithEach() throws IOException {
        add("a", address(there), token(there, "a", "operator"), "");
        add("b", address(there), token(there, "b", "admin"), "");
        there.ok("DELETE", "/api/v1/tokens/b", "");
        assertThat(list()).extracting(PeerInfo::state).containsExactly("reachable", "refused");
        assertThat(list().getLast().detail()).startsWith("b: this token is not known");
        assertThat(list().getLast().version()).isNull();
        there.close();
        assertThat(list()).extracting(PeerInfo::state).containsExactly("unreachable", "unreachable");
        there = new ServedApi(there.folder, true);
    }

    @Test
    void oneThatHangsIsNotWaitedForLong() throws IOException {
        here.close();
        try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + silent.getLocalPort();
            new PeerFile(here.folder).save(List.of(new PeerRecord("west", address, "AB:CD", "vnvme_secret")));
            here = new ServedApi(here.folder, true);
            assertThat(list())
                    .containsExactly(new PeerInfo(
                            "west",
                            address,
                            "AB:CD",
                            "unreachable",
                            null,
                            "west: no answer from %s within 2000 ms".formatted(address)));
        }
    }

    @Test
    void aViewersTokenLooksAndChangesNothing() throws IOException {
        PeerClient viewer = new PeerClient(
                new PeerRecord("west", address(there), fingerprint(there), token(there, "looks", "viewer")));
        assertThat(viewer.get("/api/v1/system", SystemInfo.class).version()).isEqualTo("test");
        assertThatThrownBy(() -> viewer.post("/api/v1/groups", new CreateGroup("g", null)))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.PEER_REFUSED));
        assertThat(there.ok("GET", "/api/v1/groups", "")).isEqualTo("[]");
    }

    private String vnvme(int status, String... arguments) {
        CommandLine commands = Vnvme.complete();
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintWriter out = new PrintWriter(said, true, StandardCharsets.UTF_8);
        commands.setOut(out).setErr(out);
        commands.setExecutionExceptionHandler((e, command, _) -> {
            command.getErr().println(e.getMessage());
            return 1;
        });
        assertThat(commands.execute(arguments))
                .as(said.toString(StandardCharsets.UTF_8))
                .isEqualTo(status);
        return said.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theCommandsSayWhatThereIsAndWhatToCompare() throws IOException {
        String run = here.folder.toString();
        Path token = folder.resolve("west.token");
        Files.writeString(token, token(there, "from-here", "operator") + "\n");
        assertThat(vnvme(0, "peer", "ls", "--run", run)).startsWith("no peers");
        assertThat(vnvme(
                        0,
                        "peer",
                        "add",
                        "west",
                        "--address",
                        address(there),
                        "--peer-token",
                        "" + token,
                        "--run",
                        run))
                .contains(
                        "added peer west: " + address(there) + ", vnvme test, this daemon is from-here there, operator")
                .contains(fingerprint(there), "compare this fingerprint with what 'vnvme status' says there");
        assertThat(vnvme(0, "peer", "ls", "--run", run).lines())
                .hasSize(2)
                .last()
                .asString()
                .startsWith("west ")
                .contains("reachable", "test");
        assertThat(vnvme(0, "peer", "show", "west", "--run", run))
                .contains("SHA-256 " + fingerprint(there), "reachable: this daemon is from-here there");
        assertThat(info(vnvme(0, "peer", "show", "west", "--run", run, "--json"))
                        .name())
                .isEqualTo("west");
        assertThat(vnvme(1, "peer", "show", "east", "--run", run)).contains("no peer east");
        assertThat(vnvme(0, "peer", "rm", "west", "--run", run)).contains("removed peer west");
        assertThat(vnvme(
                        1,
                        "peer",
                        "add",
                        "x",
                        "--address",
                        "localhost:1",
                        "--peer-token",
                        folder + "/no",
                        "--run",
                        run))
                .contains("--peer-token", "cannot be read");
        String added = vnvme(
                0,
                "peer",
                "add",
                "west",
                "--address",
                address(there),
                "--peer-token",
                token.toString(),
                "--peer-fingerprint",
                fingerprint(there),
                "--run",
                run);
        assertThat(added).contains("added peer west").doesNotContain("compare");
    }
}

package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.daemon.Daemon;
import io.vnvme.control.daemon.DaemonException;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.EventKindInfo;
import io.vnvme.control.model.GroupInfo;
import io.vnvme.control.model.LogLevelInfo;
import io.vnvme.control.model.Problem;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.model.ReactorLoad;
import io.vnvme.control.model.TopInfo;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.model.VnvmeLoad;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.service.RamOffer;
import io.vnvme.control.service.ServiceSetup;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The API of a daemon in this process, over its socket, with the real engine behind it. */
class DaemonApiTest {
    private static final Jsonb JSONB = Jsonb.builder().build();

    @TempDir
    Path folder;

    private Daemon daemon;

    @BeforeEach
    void setUp() {
        daemon = start();
    }

    @AfterEach
    void tearDown() {
        daemon.close();
    }

    private Daemon start() {
        return new Daemon(
                new ServiceSetup("test", folder, folder, List.of(new RamOffer("ram0", 64 << 20))),
                () -> EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy())),
                System.currentTimeMillis());
    }

    private HttpReply request(String method, String path, String body) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(daemon.apiSocket()));
            byte[] content = body.getBytes(StandardCharsets.UTF_8);
            String head = "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                    .formatted(method, path, content.length);
            channel.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
            channel.write(ByteBuffer.wrap(content));
            return HttpReply.read(new BufferedInputStream(Channels.newInputStream(channel)));
        }
    }

    private <T> T ok(Class<T> type, String method, String path, String body) throws IOException {
        HttpReply reply = request(method, path, body);
        assertThat(reply.status()).as(reply.body()).isBetween(200, 201);
        return JSONB.type(type).fromJson(reply.body());
    }

    @Test
    void aDriveFromClaimToRemoval() throws IOException {
        assertThat(request("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}").status())
                .isEqualTo(201);
        VnvmeChange change = ok(VnvmeChange.class, "POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}");
        assertThat(change.steps()).extracting("name").contains("serve", "save state");
        assertThat(Path.of(change.vnvme().socket())).exists();
        assertThat(ok(VnvmeInfo.class, "GET", "/api/v1/vnvmes/d1", "")).isEqualTo(change.vnvme());
        assertThat(request("GET", "/api/v1/vnvmes", "").body()).contains("\"d1\"");
        assertThat(ok(VnvmeInfo.class, "DELETE", "/api/v1/vnvmes/d1", "").name())
                .isEqualTo("d1");
        assertThat(Path.of(change.vnvme().socket()).getParent()).doesNotExist();
        assertThat(request("DELETE", "/api/v1/drives/ram0", "").status()).isEqualTo(409);
        assertThat(request("DELETE", "/api/v1/pools/pool0", "").status()).isEqualTo(200);
        assertThat(request("DELETE", "/api/v1/drives/ram0", "").status()).isEqualTo(200);
    }

    @Test
    void restartKeepsEveryIdentifier() throws IOException {
        request("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        VnvmeChange change = ok(
                VnvmeChange.class,
                "POST",
                "/api/v1/vnvmes",
                "{\"name\":\"d1\",\"sizeBytes\":1048576,\"msi\":true,\"blockSizeBytes\":4096}");
        daemon.close();
        daemon = start();
        assertThat(ok(VnvmeInfo.class, "GET", "/api/v1/vnvmes/d1", "")).isEqualTo(change.vnvme());
        assertThat(Path.of(change.vnvme().socket())).exists();
    }

    @Test
    void limitsAndGroupsOverARestart() throws IOException {
        request("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        assertThat(request("POST", "/api/v1/groups", "{\"name\":\"blue\",\"limits\":{\"bytes\":104857600}}")
                        .status())
                .isEqualTo(201);
        String asked = "{\"name\":\"d1\",\"sizeBytes\":1048576,\"qos\":{\"limits\":{\"iops\":777},\"group\":\"blue\"}}";
        ok(VnvmeChange.class, "POST", "/api/v1/vnvmes", asked);
        Qos changed = ok(Qos.class, "POST", "/api/v1/vnvmes/d1/qos", "{\"limits\":{\"burstSeconds\":9},\"weight\":7}");
        assertThat(changed).isEqualTo(new Qos(new QosLimits(0, 0, 777, 0, 0, 0, 9), 7, "blue"));
        assertThat(request("DELETE", "/api/v1/groups/blue", "").body()).contains("group-in-use");
        daemon.close();
        daemon = start();
        assertThat(ok(Qos.class, "GET", "/api/v1/vnvmes/d1/qos", "")).isEqualTo(changed);
        assertThat(ok(VnvmeInfo.class, "GET", "/api/v1/vnvmes/d1", "").qos()).isEqualTo(changed);
        assertThat(ok(GroupInfo.class, "GET", "/api/v1/groups/blue", "").members())
                .containsExactly("d1");
        ok(GroupInfo.class, "POST", "/api/v1/groups/blue", "{\"unlimited\":true}");
        ok(Qos.class, "POST", "/api/v1/vnvmes/d1/qos", "{\"group\":\"\"}");
        assertThat(ok(GroupInfo.class, "DELETE", "/api/v1/groups/blue", "").limits())
                .isEqualTo(QosLimits.NONE);
    }

    @Test
    void levelsOfTheLogAreSet() throws IOException {
        String path = "/api/v1/system/log-levels";
        String logger = "io.vnvme.control.transfer";
        LogLevelInfo debug = new LogLevelInfo(logger, "debug", "debug");
        assertThat(ok(LogLevelInfo.class, "PUT", path, "{\"logger\":\"%s\",\"level\":\"debug\"}".formatted(logger)))
                .isEqualTo(debug);
        assertThat(JSONB.type(LogLevelInfo.class)
                        .list()
                        .fromJson(request("GET", path, "").body()))
                .contains(debug);
        assertThat(ok(LogLevelInfo.class, "PUT", path, "{\"logger\":\"%s\",\"level\":\"inherit\"}".formatted(logger))
                        .effective())
                .isEqualTo("info");
    }

    @Test
    void kindsOfEventsAreExplained() throws IOException {
        EventKindInfo full = ok(EventKindInfo.class, "GET", "/api/v1/events/kinds/pool-full", "");
        assertThat(full).isEqualTo(EventKind.POOL_FULL.info());
        assertThat(JSONB.type(EventKindInfo.class)
                        .list()
                        .fromJson(request("GET", "/api/v1/events/kinds", "").body()))
                .hasSize(EventKind.values().length)
                .contains(full);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET|/api/v1/vnvmes/none||404|unknown-vnvme",
                "GET|/api/v1/nothing||404|unknown-resource",
                "PUT|/api/v1/vnvmes|{}|404|unknown-resource",
                "DELETE|/api/v1/drives/none||404|unknown-drive",
                "POST|/api/v1/drives|{}|400|bad-request",
                "POST|/api/v1/drives|{\"spec\":|400|bad-request",
                "POST|/api/v1/drives|[]|400|bad-request",
                "POST|/api/v1/vnvmes|{}|400|bad-name",
                "POST|/api/v1/vnvmes|{\"name\":\"d\"}|400|bad-size",
                "POST|/api/v1/vnvmes|{\"name\":\"d\",\"sizeBytes\":\"x\"}|400|bad-request",
                "POST|/api/v1/vnvmes|{\"name\":\"d\",\"sizeBytes\":4096}|409|no-drive",
                "POST|/api/v1/vnvmes/none/attach|{\"qmp\":\"/none\"}|404|unknown-vnvme",
                "POST|/api/v1/vnvmes/none/detach|{}|404|unknown-vnvme",
                "POST|/api/v1/vnvmes/none/resize|{\"sizeBytes\":4096}|404|unknown-vnvme",
                "POST|/api/v1/vnvmes/none/snapshots|{\"name\":\"s\"}|404|unknown-vnvme",
                "POST|/api/v1/vnvmes/export|{\"source\":\"none\",\"file\":\"/tmp/none\"}|404|unknown-vnvme",
                "POST|/api/v1/vnvmes/import|{}|400|bad-name",
                "GET|/api/v1/snapshots/none||400|bad-name",
                "DELETE|/api/v1/snapshots/d@s||404|unknown-snapshot",
                "GET|/api/v1/diff?from=&to=d||404|unknown-snapshot",
                "POST|/api/v1/groups|{}|400|bad-name",
                "POST|/api/v1/groups|{\"name\":\"g\",\"limits\":{\"iops\":-1}}|400|bad-limit",
                "GET|/api/v1/groups/none||404|unknown-group",
                "POST|/api/v1/groups/none|{}|404|unknown-group",
                "GET|/api/v1/vnvmes/none/qos||404|unknown-vnvme",
                "POST|/api/v1/vnvmes/none/qos|{}|404|unknown-vnvme",
                "POST|/api/v1/pools|{}|400|bad-name",
                "POST|/api/v1/pools|{\"name\":\"p\"}|400|bad-request",
                "POST|/api/v1/pools/none/grow|{}|404|unknown-pool",
                "POST|/api/v1/pools/none/scrub||404|unknown-pool",
                "DELETE|/api/v1/pools/none||404|unknown-pool",
                "DELETE|/api/v1/pools/none?force=true||404|unknown-pool",
                "POST|/api/v1/pools/import|{}|400|bad-name",
                "POST|/api/v1/pools/import|{\"pool\":\"none\"}|404|unknown-pool",
                "GET|/api/v1/top?intervalMs=9||400|bad-request",
                "GET|/api/v1/top?intervalMs=60001||400|bad-request",
                "POST|/api/v1/drives|{\"spec\":\"null:1K\"}|400|bad-size",
                "GET|/api/v1/jobs/7||404|unknown-job",
                "GET|/api/v1/jobs/x||400|bad-request",
                "GET|/api/v1/events?after=x||400|bad-request",
                "GET|/api/v1/events/kinds/none||404|unknown-event-kind",
                "PUT|/api/v1/system/log-levels|{}|400|bad-request",
                "PUT|/api/v1/system/log-levels|{\"logger\":\"root\",\"level\":\"loud\"}|400|bad-request"
            })
    void errorsAreProblems(String method, String path, String body, int status, String code) throws IOException {
        HttpReply reply = request(method, path, body == null ? "" : body);
        assertThat(reply.status()).as(reply.body()).isEqualTo(status);
        Problem problem = JSONB.type(Problem.class).fromJson(reply.body());
        assertThat(problem.code()).isEqualTo(code);
        assertThat(problem.status()).isEqualTo(status);
        assertThat(problem.detail()).isNotBlank().doesNotContain("\n");
        assertThat(problem.type()).isEqualTo("urn:vnvme:problem:" + code);
    }

    @Test
    void aNullDriveKeepsNothingAndTopCountsWhatItsGuestDid() throws IOException {
        ok(DriveInfo.class, "POST", "/api/v1/drives", "{\"spec\":\"null:1G\"}");
        VnvmeInfo vnvme = ok(VnvmeChange.class, "POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}")
                .vnvme();
        CompletableFuture<TopInfo> asked = CompletableFuture.supplyAsync(() -> top(2000));
        try (SocketDevice device = SocketDevice.open(Path.of(vnvme.socket()), RamLayout.single(1 << 20), 0);
                Buffer data = device.ram().allocate(4096)) {
            NvmeDriver driver = NvmeDriver.start(device);
            QueuePair pair = driver.createPair(1, 16, -1);
            while (!asked.isDone()) {
                data.segment().fill((byte) 7);
                pair.execute(Command.write(1, 8, 8), Prp.of(data)).orThrow();
                pair.execute(Command.read(1, 8, 8), Prp.of(data)).orThrow();
                assertThat(data.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly((byte) 0);
            }
        }
        TopInfo top = asked.join();
        assertThat(top.vnvmes()).hasSize(1);
        VnvmeLoad load = top.vnvmes().getFirst();
        assertThat(load.name()).isEqualTo("d1");
        assertThat(load.reads().iops()).isPositive();
        assertThat(load.reads().bytesPerSecond()).isCloseTo(load.reads().iops() * 4096, Percentage.withPercentage(1));
        assertThat(load.writes().iops()).isCloseTo(load.reads().iops(), Percentage.withPercentage(20));
        assertThat(load.total().p50Us())
                .isPositive()
                .isLessThanOrEqualTo(load.total().p99Us());
        assertThat(load.queueDepth()).isPositive();
        ReactorLoad reactor = top.reactors().getFirst();
        assertThat(reactor.busyPercent()).isPositive();
        assertThat(reactor.busyPercent() + reactor.idlePercent() + reactor.asleepPercent())
                .isCloseTo(100, Percentage.withPercentage(0.1));
        assertThat(request("GET", "/api/v1/reactors", "").body()).contains("\"busyNs\"");
    }

    private TopInfo top(int intervalMs) {
        try {
            return ok(TopInfo.class, "GET", "/api/v1/top?intervalMs=" + intervalMs, "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void describesItself() throws IOException {
        HttpReply reply = request("GET", "/api/v1/openapi.json", "");
        Map<String, Object> document = JSONB.type(Object.class).map().fromJson(reply.body());
        assertThat(document).containsKeys("openapi", "info", "paths", "components");
        assertThat(reply.body())
                .contains("/api/v1/vnvmes/{name}/attach", "application/problem+json", "Creates a virtual NVMe drive");
    }

    @Test
    void onlyOwnerAndGroupMaySpeakToIt() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(daemon.apiSocket())))
                .isEqualTo("rw-rw----");
    }

    @Test
    void secondDaemonIsRefusedAndTheFirstGoesOn() throws IOException {
        assertThatThrownBy(this::start)
                .isInstanceOf(DaemonException.class)
                .hasMessageContaining("another vnvme daemon (process %d) uses"
                        .formatted(ProcessHandle.current().pid()));
        assertThat(request("GET", "/api/v1/system", "").status()).isEqualTo(200);
    }

    @Test
    void damagedStateIsRefusedAndLeftAlone() throws IOException {
        daemon.close();
        Path state = folder.resolve("state.json");
        Files.writeString(state, "{ damaged");
        assertThatThrownBy(this::start).isInstanceOf(DaemonException.class).hasMessageContaining("is damaged");
        assertThat(state).hasContent("{ damaged");
        Files.delete(state);
        daemon = start();
        assertThat(request("GET", "/api/v1/system", "").status()).isEqualTo(200);
    }
}

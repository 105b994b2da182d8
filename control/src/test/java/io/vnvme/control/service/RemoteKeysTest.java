package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static io.vnvme.control.service.Fixture.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.Discover;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.RemoteDriveInfo;
import io.vnvme.control.model.SetDriveKeys;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.StateFileException;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.tls.TlsKey;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two daemons that show each other who they are: keys of the near one's remote drive. */
class RemoteKeysTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final UUID NEAR = new UUID(0x5d0e3a9c_0000_4000L, 0x8000_0000_0000_0009L);
    private static final String NEAR_NQN = "nqn.2014-08.org.nvmexpress:uuid:" + NEAR;

    private final SecureRandom random = new SecureRandom();
    private final String key = ChapKey.generate(Optional.empty(), random).secret();
    private final String other = ChapKey.generate(Optional.empty(), random).secret();
    private final String tlsKey = TlsKey.generate(random).secret();

    @TempDir
    Path folder;

    private int port;
    private Services far;
    private Services near;

    @BeforeEach
    void start() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()));
        TcpPort any = new TcpPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Optional.empty());
        Path at = folder.resolve("far");
        far = new Services(
                new ServiceSetup("test", at, at, List.of(), Duration.ofMillis(200)).withTcp(List.of(any)), plane);
        port = plane.tcpPorts().getFirst().address().getPort();
        far.drives().claim(ClaimDrive.of(folder.resolve("far.img").toString(), 256 * MIB, null, false));
        far.vnvmes().create(CreateVnvme.thin("disk", 128 * MIB));
        far.hosts().allow("disk", NEAR_NQN);
        near = near();
    }

    @AfterEach
    void stop() {
        near.close();
        far.close();
    }

    private Path nearState() {
        return folder.resolve("near");
    }

    private Services near() {
        return new Services(
                new ServiceSetup("test", nearState(), nearState(), List.of(), Duration.ofMillis(200)),
                EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()), NEAR));
    }

    private String address() {
        return "nvme-tcp://127.0.0.1:%d/%s"
                .formatted(port, far.vnvmes().show("disk").nqn());
    }

    private DriveInfo claim(String spec, @Nullable SetDriveKeys keys) {
        return near.drives().claim(new ClaimDrive(spec, null, "away", false, keys));
    }

    private static SetDriveKeys chap(String host, @Nullable String controller) {
        return new SetDriveKeys(host, controller, null);
    }

    private static SetDriveKeys tls(String tls) {
        return new SetDriveKeys(null, null, tls);
    }

    private void demand(@Nullable String dhchap, @Nullable String controller, @Nullable String tls) {
        far.hosts().keys("disk", NEAR_NQN, new SetHostKeys(dhchap, controller, null, null, tls));
    }

    private RemoteDriveInfo remote() {
        return Objects.requireNonNull(near.drives().show("away").remote());
    }

    private String kept() throws IOException {
        Path file = nearState().resolve("target-keys.json");
        return Files.exists(file) ? Files.readString(file) : "";
    }

    @Test
    void keysComeWithTheClaimAndGoWithTheDrive() throws IOException {
        demand(key, other, null);
        assertThat(problem(() -> claim(address(), null)))
                .hasMessageContainingAll(NEAR_NQN, "no DH-HMAC-CHAP key for it here")
                .extracting("code")
                .isEqualTo(ProblemCode.TARGET_REFUSED);
        assertThat(problem(() -> claim(address(), chap(other, null))))
                .hasMessageContaining("the key here has to be the one that the target has")
                .message()
                .doesNotContain(other);
        assertThat(problem(() -> claim(address(), chap(key, key)))).hasMessageContaining("controller's key here");
        assertThat(kept()).as("of claims that failed").isEmpty();
        assertThat(claim(address(), chap(key, other)).path()).isEqualTo(address());
        assertThat(remote().keys()).containsExactly("dhchap", "controller");
        assertThat(remote().encrypted()).isFalse();
        assertThat(Files.getPosixFilePermissions(nearState().resolve("target-keys.json")))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.readString(nearState().resolve("state.json"))).doesNotContain(key, other);
        near.close();
        near = near();
        assertThat(near.drives().show("away").state()).isEqualTo("free");
        near.drives().release("away");
        assertThat(kept()).doesNotContain("DHHC");
    }

    @Test
    void anotherKeyCountsFromTheNextConnectionOn() {
        demand(key, null, null);
        claim(address() + "?keep-alive=1s&loss-time=1m", chap(key, null));
        near.pools().create(new CreatePool("p", List.of("away"), null));
        near.vnvmes().create(CreateVnvme.thin("v", CheckedClient.VOLUME_BYTES).inPool("p"));
        try (CheckedClient client =
                CheckedClient.open(Path.of(near.vnvmes().show("v").socket()))) {
            works(client);
            demand(other, null, null);
            far.hosts().deny("disk", NEAR_NQN);
            far.hosts().allow("disk", NEAR_NQN);
            demand(other, null, null);
            await().atMost(LIMIT)
                    .until(() -> near.drives().show("away").warnings().stream()
                            .anyMatch(w -> w.contains("the key here has to be the one that the target has")));
            near.drives().keys("away", chap(other, null));
            works(client);
        }
        assertThat(near.drives().show("away").warnings()).isEmpty();
    }

    private static void works(CheckedClient client) {
        long seen = client.completed();
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> client.completed() > seen + 100);
    }

    @Test
    void aDriveWithATlsKeyIsReachedByTlsAlone() throws IOException {
        demand(null, null, tlsKey);
        String spec = near.drives()
                .discover(new Discover("127.0.0.1:" + port))
                .subsystems()
                .getFirst()
                .spec();
        assertThat(spec).as("discovery says so").isEqualTo(address() + "?tls=1");
        assertThat(problem(() -> claim(address() + "?tls=1", null))).hasMessageContaining("no TLS key for it here");
        assertThat(problem(() -> claim(address(), tls(TlsKey.generate(random).secret()))))
                .hasMessageContaining("no TLS 1.3 with the key here");
        assertThat(claim(address(), tls(tlsKey)).path()).isEqualTo(address() + "?tls=1");
        assertThat(remote().encrypted()).isTrue();
        assertThat(remote().keys()).containsExactly("tls");
        assertThat(problem(() -> near.drives().keys("away", SetDriveKeys.NONE)))
                .hasMessageContaining("reached by TLS alone");
        near.close();
        Files.delete(nearState().resolve("target-keys.json"));
        near = near();
        assertThat(near.drives().show("away").state()).as("never in the clear").isEqualTo("missing");
    }

    @Test
    void whatIsNoKeyIsRefusedAndNotRepeated() {
        assertThat(problem(() -> claim(address(), chap("DHHC-1:00:c2VjcmV0:", null))))
                .extracting("code")
                .isEqualTo(ProblemCode.BAD_REQUEST);
        assertProblem(ProblemCode.BAD_REQUEST, () -> claim(address(), new SetDriveKeys(null, key, null)));
        assertProblem(
                ProblemCode.BAD_REQUEST,
                () -> near.drives().claim(new ClaimDrive("ram:64M", null, null, false, chap(key, null))));
        claim(address(), null);
        assertProblem(ProblemCode.BAD_REQUEST, () -> near.drives().keys("away", tls(tlsKey)));
        near.drives().claim(ClaimDrive.of("ram:64M", null, "r", false));
        assertProblem(ProblemCode.BAD_REQUEST, () -> near.drives().keys("r", chap(key, null)));
        assertProblem(ProblemCode.UNKNOWN_DRIVE, () -> near.drives().keys("nowhere", chap(key, null)));
        assertThat(chap(key, other).toString()).doesNotContain(key);
    }

    @Test
    void aDamagedFileKeepsTheDaemonFromStarting() throws IOException {
        near.close();
        Path file = nearState().resolve("target-keys.json");
        Files.writeString(file, "{\"version\":1,\"keys\":[{\"subsystem\":\"nqn.x\",\"dhchap\":\"" + key + "x\"}]}");
        assertThatThrownBy(this::near)
                .isInstanceOf(StateFileException.class)
                .hasMessageContaining("target-keys.json")
                .message()
                .doesNotContain(key);
        Files.delete(file);
        near = near();
    }
}

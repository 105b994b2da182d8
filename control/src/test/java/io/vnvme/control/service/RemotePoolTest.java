package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static io.vnvme.control.service.Fixture.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.Discover;
import io.vnvme.control.model.DiscoveredInfo;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.ImportPool;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.RemoteDriveInfo;
import io.vnvme.control.model.SetPath;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two daemons: the near one has a drive that is a vNVMe of the far one. */
class RemotePoolTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final UUID NEAR = new UUID(0x5d0e3a9c_0000_4000L, 0x8000_0000_0000_0009L);
    private static final String NEAR_NQN = "nqn.2014-08.org.nvmexpress:uuid:" + NEAR;

    @TempDir
    Path folder;

    private int port;
    private int otherPort;
    private Services far;
    private Services near;

    @BeforeEach
    void start() {
        far = far();
        far.drives().claim(ClaimDrive.of(folder.resolve("far.img").toString(), 256 * MIB, null, false));
        far.vnvmes().create(CreateVnvme.thin("disk", 128 * MIB));
        near = near();
    }

    @AfterEach
    void stop() {
        near.close();
        far.close();
    }

    private Services far() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()));
        TcpPort first = new TcpPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), Optional.empty());
        TcpPort second = new TcpPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Optional.empty());
        Path at = folder.resolve("far");
        Services made = new Services(
                new ServiceSetup("test", at, at, List.of(), Duration.ofMillis(200)).withTcp(List.of(first, second)),
                plane);
        port = plane.tcpPorts().getFirst().address().getPort();
        otherPort = plane.tcpPorts().getLast().address().getPort();
        return made;
    }

    private Services near() {
        Path at = folder.resolve("near");
        return new Services(
                new ServiceSetup("test", at, at, List.of(), Duration.ofMillis(200)),
                EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()), NEAR));
    }

    private String address(String options) {
        String nqn = far.vnvmes().show("disk").nqn();
        return "nvme-tcp://127.0.0.1:%d/%s%s".formatted(port, nqn, options);
    }

    private DriveInfo claim(String spec) {
        return near.drives().claim(ClaimDrive.of(spec, null, "away", false));
    }

    private CheckedClient client() {
        return CheckedClient.open(Path.of(near.vnvmes().show("v").socket()));
    }

    private static void works(CheckedClient client) {
        long seen = client.completed();
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> client.completed() > seen + 100);
    }

    private RemoteDriveInfo remote() {
        return Objects.requireNonNull(near.drives().show("away").remote());
    }

    @Test
    void refusedUntilItIsAllowedThenFoundAndClaimed() {
        String spec = address("");
        assertThat(problem(() -> claim(spec)))
                .hasMessageContaining("does not allow this host, " + NEAR_NQN)
                .extracting("code")
                .isEqualTo(ProblemCode.TARGET_REFUSED);
        Discover where = new Discover("127.0.0.1:" + port);
        assertThat(near.drives().discover(where).subsystems()).isEmpty();
        far.hosts().allow("disk", NEAR_NQN);
        DiscoveredInfo found = near.drives().discover(where).subsystems().getFirst();
        assertThat(found.spec()).isEqualTo(spec);
        assertThat(problem(() -> claim(spec.replace("/nqn.", "/nqn.2026-01.io.other:x."))))
                .hasMessageContaining("has no subsystem");
        assertThat(problem(() -> claim(spec + "?nsid=7"))).hasMessageContaining("has no namespace 7");
        assertThat(problem(() -> claim("nvme-tcp://127.0.0.1:1/" + found.subsystemNqn())))
                .hasMessageContaining("127.0.0.1:1: connect: Connection refused");
        assertProblem(ProblemCode.BAD_REQUEST, () -> claim(spec + "?loss=1s"));
        assertProblem(ProblemCode.TARGET_REFUSED, () -> near.drives().discover(new Discover("127.0.0.1:1")));

        DriveInfo claimed = claim(spec);
        assertThat(claimed.kind()).isEqualTo("nvme-tcp");
        assertThat(claimed.path()).isEqualTo(spec);
        assertThat(claimed.sizeBytes()).isEqualTo(128 * MIB);
        assertThat(remote().hostNqn()).isEqualTo(NEAR_NQN);
        assertProblem(
                ProblemCode.DRIVE_ALREADY_CLAIMED,
                () -> near.drives().claim(ClaimDrive.of(spec, null, "again", false)));
        near.drives().release("away");
        assertThat(claim(spec + "?loss-time=2m").path()).endsWith("?loss-time=120s");
    }

    @Test
    void aPoolOnItIsThereAgainWhenTheDaemonAndTheTargetAre() {
        far.hosts().allow("disk", NEAR_NQN);
        // One of the two paths leads nowhere.
        claim(address("").replace("/nqn", ",127.0.0.1:1/nqn"));
        near.pools().create(new CreatePool("p", List.of("away"), null));
        near.vnvmes().create(CreateVnvme.thin("v", CheckedClient.VOLUME_BYTES).inPool("p"));
        try (CheckedClient client = client()) {
            works(client);
        }
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(remote().paths()).extracting("state").containsExactly("live", "lost"));
        assertThat(near.drives().show("away").warnings().getFirst()).contains("127.0.0.1:1 is lost: connect");
        await().atMost(LIMIT).until(() -> kinds().contains("drive-path-lost"));
        near.close();
        far.close();
        near = near();
        assertThat(near.drives().show("away").state()).isEqualTo("missing");
        assertThat(near.drives().show("away").warnings().getFirst()).contains("Connection refused");
        far = far();
        await().atMost(LIMIT).until(() -> near.pools().show("p").state().equals("online"));
        try (CheckedClient client = client()) {
            works(client);
        }
        assertThat(near.drives().show("away").state()).isEqualTo("in-pool");
    }

    @Test
    void whatTheFarSideSaysOfItsPathsIsFollowed() {
        far.hosts().allow("disk", NEAR_NQN);
        claim(address("").replace("/nqn", ",127.0.0.1:%d/nqn".formatted(otherPort)));
        near.pools().create(new CreatePool("p", List.of("away"), null));
        near.vnvmes().create(CreateVnvme.thin("v", CheckedClient.VOLUME_BYTES).inPool("p"));
        try (CheckedClient client = client()) {
            works(client);
            for (String state : List.of("inaccessible", "non-optimized", "change", "persistent-loss", "optimized")) {
                far.paths().set("disk", new SetPath("127.0.0.1:" + port, state));
                await().atMost(LIMIT)
                        .untilAsserted(() ->
                                assertThat(remote().paths()).extracting("ana").containsExactly(state, "optimized"));
                works(client);
            }
            // None is left: held until one is there again.
            for (int at : List.of(port, otherPort)) {
                far.paths().set("disk", new SetPath("127.0.0.1:" + at, "inaccessible"));
            }
            await().atMost(LIMIT).until(() -> remote().heldCount() > 0);
            far.paths().set("disk", new SetPath("127.0.0.1:" + otherPort, "optimized"));
            works(client);
        }
        assertThat(remote().paths()).extracting("losses").containsExactly(0L, 0L);
        assertThat(near.drives().show("away").warnings()).isEmpty();
    }

    @Test
    void aPoolOnItIsGivenAwayCheckedAndTakenAgain() {
        far.hosts().allow("disk", NEAR_NQN);
        String spec = claim(address("")).path();
        near.pools().create(new CreatePool("p", List.of("away"), null));
        near.vnvmes().create(CreateVnvme.thin("v", CheckedClient.VOLUME_BYTES).inPool("p"));
        try (CheckedClient client = client()) {
            works(client);
        }
        // It has to be found without what this daemon remembers of it.
        near.poolImport().giveAway("p");
        assertThat(near.pools().check("p").sound()).isTrue();
        near.poolImport().forget("p");
        assertThat(near.poolImport().found(List.of(spec)).getFirst().paths()).containsExactly(spec);
        near.poolImport().take(new ImportPool("p", false, List.of(spec)));
        assertThat(near.pools().show("p").state()).isEqualTo("online");
        assertThat(near.vnvmes().list()).hasSize(1);
        assertThat(near.pools().show("p").warnings()).isEmpty();
    }

    private List<String> kinds() {
        return near.events().after(0, Duration.ZERO).stream()
                .map(EventInfo::kind)
                .toList();
    }

    @Test
    void aMirrorOverTwoBoxesSurvivesOneAndIsFilledWhenItIsBack() {
        far.hosts().allow("disk", NEAR_NQN);
        claim(address("?loss-time=1s&keep-alive=500ms"));
        near.drives().claim(ClaimDrive.of(folder.resolve("near.img").toString(), 128 * MIB, "here", false));
        near.pools().create(new CreatePool("p", List.of("here", "away"), "mirror"));
        near.vnvmes().create(CreateVnvme.thin("v", CheckedClient.VOLUME_BYTES).inPool("p"));
        try (CheckedClient client = client()) {
            works(client);
            far.close();
            await().atMost(LIMIT).until(() -> near.pools().show("p").state().equals("degraded"));
            works(client);
            await().atMost(LIMIT).until(() -> near.drives().show("away").state().equals("failed"));
            assertThat(near.drives().show("away").warnings().getFirst()).contains("no path to it works");
            far = far();
            await().atMost(LIMIT).until(() -> near.pools().show("p").state().equals("online"));
            works(client);
        }
        assertThat(kinds()).contains("drive-gone", "mirror-degraded", "drive-back", "mirror-whole", "drive-path-back");
    }
}

package io.vnvme.control.service;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.HostInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.StateFileException;
import io.vnvme.fabrics.auth.DhGroup;
import io.vnvme.frontend.tcp.HostTerms;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which hosts may connect to which vNVMe. */
class HostsTest {
    private static final String NQN = "nqn.2014-08.org.nvmexpress:uuid:4f0a3c3e-0000-4000-8000-000000000001";
    private static final String OTHER = "nqn.2014-08.org.nvmexpress:uuid:4f0a3c3e-0000-4000-8000-000000000002";
    private static final TcpPort PORT = new TcpPort(new InetSocketAddress("192.0.2.1", 4420), Optional.empty());

    @TempDir
    private Path folder;

    private final FakeDataPlane.World world = new FakeDataPlane.World();
    private FakeDataPlane plane = new FakeDataPlane(world);

    private Services services() {
        plane = new FakeDataPlane(world);
        return new Services(new ServiceSetup("test", folder, folder, List.of()).withTcp(List.of(PORT)), plane);
    }

    private static final String KEY = "DHHC-1:00:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:";

    private static final String TLS_KEY = "NVMeTLSkey-1:01:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:";

    private static void make(Services services, FakeDataPlane.World world) {
        world.disk("/dev/fake", 1 << 30);
        services.drives().claim(ClaimDrive.of("/dev/fake", null, null, false));
        services.vnvmes().create(CreateVnvme.thin("d1", 1 << 20));
    }

    @Test
    void nobodyMayUntilAllowedAndItIsKept() {
        try (Services services = services()) {
            make(services, world);
            assertThat(services.hosts().list("d1")).isEmpty();
            assertThat(services.vnvmes().show("d1").tcp()).isEmpty();
            services.hosts().allow("d1", NQN);
            services.hosts().allow("d1", OTHER);
            services.hosts().allow("d1", NQN);
            assertThat(requireNonNull(plane.exports.get("d1")).hosts).containsExactlyInAnyOrder(NQN, OTHER);
            assertThat(services.hosts().list("d1")).extracting(HostInfo::nqn).containsExactly(NQN, OTHER);
            assertThat(services.hosts().list("d1").getFirst().connections()).hasSize(1);
            assertThat(services.vnvmes().show("d1").tcp())
                    .containsExactly("nvme connect -t tcp -a 192.0.2.1 -s 4420 -n "
                            + services.vnvmes().show("d1").nqn());
        }
        try (Services services = services()) {
            String nqn = services.vnvmes().show("d1").nqn();
            assertThat(services.hosts().returns(nqn, NQN)).isTrue();
            assertThat(services.hosts().returns(nqn + "2", NQN)).isFalse();
            services.hosts().deny("d1", NQN);
            assertThat(services.hosts().returns(nqn, NQN)).isFalse();
            assertThat(services.hosts().list("d1")).extracting(HostInfo::nqn).containsExactly(OTHER);
            assertThat(requireNonNull(plane.exports.get("d1")).hosts).containsExactly(OTHER);
            assertThatThrownBy(() -> services.hosts().deny("d1", NQN))
                    .isInstanceOfSatisfying(
                            ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.UNKNOWN_HOST));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "host", "nqn.2014.org:x", "nqn.2014-08.org:", "nqn.2014-08.org:a b", "iqn.2014-08.org:x"})
    void whatIsNoNqnIsRefused(String nqn) {
        try (Services services = services()) {
            make(services, world);
            assertThatThrownBy(() -> services.hosts().allow("d1", nqn))
                    .isInstanceOfSatisfying(
                            ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.BAD_NAME));
        }
    }

    private static SetHostKeys keys(@Nullable String dhchap, @Nullable String controller, @Nullable String group) {
        return new SetHostKeys(dhchap, controller, null, group, null);
    }

    @Test
    void keysGoWithTheirVnvme() throws IOException {
        try (Services services = services()) {
            make(services, world);
            services.hosts().allow("d1", NQN);
            services.hosts().keys("d1", NQN, keys(KEY, KEY, null));
            assertThat(Files.readString(folder.resolve("host-keys.json"))).contains("AAEC");
            services.vnvmes().remove("d1");
            assertThat(Files.readString(folder.resolve("host-keys.json"))).doesNotContain("AAEC");
        }
    }

    @Test
    void keysAreKeptForTheDaemonAloneAndDemandedUnlessSaidOtherwise() throws IOException {
        String subsystem;
        try (Services services = services()) {
            make(services, world);
            subsystem = services.vnvmes().show("d1").nqn();
            services.hosts().allow("d1", NQN);
            services.hosts().allow("d1", OTHER);
            HostInfo set = services.hosts().keys("d1", NQN, keys(KEY + "\n", KEY, "ffdhe3072"));
            assertThat(set.keys()).containsExactly("dhchap", "controller");
            assertThat(set.demand()).isEqualTo("dhchap");
            assertThat(set.toString()).doesNotContain("AAEC");
            assertThat(services.vnvmes().show("d1").tcp())
                    .singleElement()
                    .asString()
                    .endsWith(" --dhchap-secret DHHC-1:... --dhchap-ctrl-secret DHHC-1:...");
        }
        Path file = folder.resolve("host-keys.json");
        assertThat(Files.getPosixFilePermissions(file))
                .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        assertThat(Files.readString(folder.resolve("state.json"))).doesNotContain("AAEC");
        try (Services services = services()) {
            HostTerms terms = plane.keyring.terms(subsystem, NQN);
            assertThat(terms.authenticate()).isTrue();
            assertThat(terms.chap().orElseThrow().group()).contains(DhGroup.FFDHE3072);
            assertThat(terms.chap().orElseThrow().hostKey().secret()).isEqualTo(KEY);
            assertThat(plane.keyring.terms(subsystem, OTHER)).isEqualTo(HostTerms.NONE);
            services.hosts().demand("d1", "dhchap");
            assertThat(plane.keyring.terms(subsystem, OTHER).authenticate()).isTrue();
            services.hosts().demand("d1", "none");
            assertThat(plane.keyring.terms(subsystem, NQN).authenticate()).isFalse();
            assertThat(plane.keyring.terms(subsystem, NQN).chap()).isPresent();
            services.hosts().demand("d1", "auto");
            services.hosts().keys("d1", NQN, keys(null, "", ""));
            assertThat(services.hosts().list("d1").getFirst().keys()).containsExactly("dhchap");
            assertThat(plane.keyring.terms(subsystem, NQN).chap().orElseThrow().group())
                    .isEmpty();
            services.hosts().deny("d1", NQN);
            assertThat(plane.keyring.terms(subsystem, NQN)).isEqualTo(HostTerms.NONE);
            assertThat(Files.readString(file)).doesNotContain("AAEC");
            services.hosts().keys("d1", OTHER, keys(KEY, null, null));
            services.vnvmes().remove("d1");
        }
        try (Services services = services()) {
            assertThat(services.vnvmes().list()).isEmpty();
            assertThat(Files.readString(file)).doesNotContain("AAEC");
        }
    }

    @Test
    void aKeyForTlsIsDemandedByItself() {
        try (Services services = services()) {
            make(services, world);
            String subsystem = services.vnvmes().show("d1").nqn();
            services.hosts().allow("d1", NQN);
            services.hosts().keys("d1", NQN, new SetHostKeys(null, null, null, null, TLS_KEY));
            HostInfo info = services.hosts().list("d1").getFirst();
            assertThat(info.keys()).containsExactly("tls");
            assertThat(info.demand()).isEqualTo("tls");
            assertThat(services.vnvmes().show("d1").tcp())
                    .singleElement()
                    .asString()
                    .endsWith(" --tls");
            services.hosts().keys("d1", NQN, keys(KEY, null, null));
            assertThat(services.hosts().list("d1").getFirst().demand()).isEqualTo("both");
            services.hosts().demand("d1", "dhchap");
            assertThat(plane.keyring.terms(subsystem, NQN).encrypt()).isFalse();
            assertThat(plane.keyring.terms(subsystem, NQN).tls()).isPresent();
            assertThat(services.hosts().demand("d1", "both").getFirst().demand())
                    .isEqualTo("both");
            assertThat(plane.keyring.terms(subsystem, OTHER).encrypt()).isTrue();
            assertRefused(
                    ProblemCode.BAD_REQUEST,
                    () -> services.hosts().keys("d1", NQN, new SetHostKeys(null, null, null, null, KEY)));
        }
    }

    @Test
    void keysThatAreNoneAreRefusedAndNothingChanges() {
        try (Services services = services()) {
            make(services, world);
            services.hosts().allow("d1", NQN);
            for (SetHostKeys wrong : List.of(
                    keys("DHHC-1:00:AAAA:", null, null),
                    keys(null, KEY, null),
                    keys(KEY, null, "ffdhe1024"),
                    keys(KEY, "x", null))) {
                assertRefused(ProblemCode.BAD_REQUEST, () -> services.hosts().keys("d1", NQN, wrong));
            }
            assertThat(services.hosts().list("d1").getFirst().keys()).isEmpty();
            assertRefused(ProblemCode.UNKNOWN_HOST, () -> services.hosts().keys("d1", OTHER, keys(KEY, null, null)));
            assertRefused(ProblemCode.BAD_REQUEST, () -> services.hosts().demand("d1", "tsl"));
        }
    }

    private static void assertRefused(ProblemCode code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    /** Whoever guesses what stood there lets somebody in. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"version\":2,\"demands\":[],\"keys\":[]}",
                "{\"version\":1,\"demands\":[],\"keys\":[{\"subsystem\":\"s\",\"host\":\"nqn.2014-08.org:h\",\"dhchap\":\"AAEC\"}]}",
                "{\"version\":1,\"demands\":[{\"subsystem\":\"s\",\"demand\":\"maybe\"}],\"keys\":[]}"
            })
    void aDamagedFileOfKeysKeepsTheDaemonFromStarting(String content) throws IOException {
        Files.writeString(folder.resolve("host-keys.json"), content);
        assertThatThrownBy(() -> services().close())
                .isInstanceOf(StateFileException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("AAEC"));
    }

    @Test
    void refusedHostsAreEvents() {
        try (Services services = services()) {
            make(services, world);
            String nqn = services.vnvmes().show("d1").nqn();
            requireNonNull(plane.refusals).refused(nqn, NQN, "192.0.2.9:1", "the host is not allowed");
            requireNonNull(plane.refusals).refused("nqn.2026-01.x:y", NQN, "192.0.2.9:1", "no such subsystem");
            assertThat(services.events().after(0, Duration.ZERO))
                    .filteredOn(e -> e.kind().equals("host-refused"))
                    .extracting(EventInfo::subject)
                    .contains("d1");
            requireNonNull(plane.refusals).dropped("192.0.2.9:1234", "PDU of type 0x77 now");
            assertThat(services.events().after(0, Duration.ZERO))
                    .filteredOn(e -> e.kind().equals("host-at-fault"))
                    .extracting(EventInfo::subject)
                    .containsExactly("192.0.2.9");
        }
    }
}

package io.vnvme.control.service;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ChangeAccess;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.PathInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SetGroupPath;
import io.vnvme.control.model.SetPath;
import io.vnvme.control.model.TcpAccess;
import io.vnvme.control.plane.FakeConnection;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.Access;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths to a vNVMe: which there are, what state they have, and that it is kept. */
class PathsTest {
    private static final String NQN = "nqn.2014-08.org.nvmexpress:uuid:4f0a3c3e-0000-4000-8000-000000000001";
    private static final String FIRST = "192.0.2.1:4420";
    private static final String SECOND = "192.0.2.2:4420";

    @TempDir
    private Path folder;

    private final FakeDataPlane.World world = new FakeDataPlane.World();
    private FakeDataPlane plane = new FakeDataPlane(world);

    private Services services(String... ports) {
        plane = new FakeDataPlane(world);
        List<TcpPort> tcp = List.of(ports).stream().map(TcpPort::parse).toList();
        return new Services(new ServiceSetup("test", folder, folder, List.of()).withTcp(tcp), plane);
    }

    private void claim(Services services) {
        world.disk("/dev/fake", 1 << 30);
        services.drives().claim(ClaimDrive.of("/dev/fake", null, null, false));
    }

    private static CreateVnvme wanted(String name, boolean shared, TcpAccess tcp) {
        return new CreateVnvme(name, 1 << 20, null, false, false, null, false, null, null, null, shared, tcp);
    }

    private static List<String> words(List<PathInfo> paths) {
        return paths.stream()
                .map(p -> "%s %s %d".formatted(p.name(), p.state(), p.group()))
                .toList();
    }

    private static void refused(ProblemCode code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private Access served(String name) {
        return requireNonNull(plane.exports.get(name)).access;
    }

    @Test
    void statesAreToldToWhoServesAndKept() {
        try (Services services = services(FIRST, SECOND)) {
            claim(services);
            services.vnvmes().create(CreateVnvme.thin("d1", 1 << 20));
            assertThat(words(services.paths().list("d1")))
                    .containsExactly("pci optimized 1", FIRST + " optimized 1", SECOND + " optimized 1");
            services.paths().set("d1", new SetPath(SECOND, "inaccessible"));
            services.paths().change("d1", new ChangeAccess(null, 7));
            assertThat(served("d1").state(SECOND)).isEqualTo("inaccessible");
            assertThat(served("d1").group()).isEqualTo(7);
        }
        try (Services services = services(FIRST, SECOND)) {
            assertThat(words(services.paths().list("d1")))
                    .containsExactly("pci optimized 7", FIRST + " optimized 7", SECOND + " inaccessible 7");
            assertThat(served("d1").state(SECOND)).isEqualTo("inaccessible");
            services.paths().set("d1", new SetPath(SECOND, "optimized"));
            assertThat(served("d1").states()).isEmpty();
            assertThat(services.vnvmes().show("d1").paths()).hasSize(3);
        }
    }

    @Test
    void groupIsSetTogether() {
        try (Services services = services(FIRST)) {
            claim(services);
            for (String name : List.of("d1", "d2", "d3")) {
                services.vnvmes().create(CreateVnvme.thin(name, 1 << 20));
            }
            services.paths().change("d1", new ChangeAccess(null, 2));
            services.paths().change("d3", new ChangeAccess(null, 2));
            assertThat(services.paths().setGroup(new SetGroupPath(2, FIRST, "non-optimized")))
                    .containsExactly("d1", "d3");
            assertThat(served("d1").state(FIRST)).isEqualTo("non-optimized");
            assertThat(served("d2").state(FIRST)).isEqualTo("optimized");
            refused(
                    ProblemCode.UNKNOWN_PATH,
                    () -> services.paths().setGroup(new SetGroupPath(3, FIRST, "non-optimized")));
            refused(
                    ProblemCode.UNKNOWN_PATH,
                    () -> services.paths().setGroup(new SetGroupPath(2, SECOND, "non-optimized")));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.9:1, optimized, UNKNOWN_PATH",
        "pci, inaccessible, UNKNOWN_PATH",
        "'', optimized, UNKNOWN_PATH",
        ", optimized, UNKNOWN_PATH",
        "192.0.2.1:4420, broken, BAD_REQUEST",
        "192.0.2.1:4420, , BAD_REQUEST"
    })
    void whatIsNoPathOrStateIsRefused(String path, String state, ProblemCode code) {
        try (Services services = services(FIRST)) {
            claim(services);
            services.vnvmes().create(CreateVnvme.thin("d1", 1 << 20));
            refused(code, () -> services.paths().set("d1", new SetPath(path, state)));
            assertThat(served("d1").states()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 129})
    void whatIsNoGroupIsRefused(int group) {
        try (Services services = services(FIRST)) {
            claim(services);
            services.vnvmes().create(CreateVnvme.thin("d1", 1 << 20));
            refused(ProblemCode.BAD_REQUEST, () -> services.paths().change("d1", new ChangeAccess(null, group)));
        }
    }

    @Test
    void sharingChangesOnlyWhileNobodyHasIt() {
        try (Services services = services(FIRST)) {
            claim(services);
            services.vnvmes().create(CreateVnvme.thin("d1", 1 << 20));
            FakeConnection vm = requireNonNull(plane.exports.get("d1")).connect();
            refused(ProblemCode.VNVME_IN_USE, () -> services.paths().change("d1", new ChangeAccess(true, null)));
            assertThat(served("d1").shared()).isFalse();
            vm.open = false;
            services.paths().change("d1", new ChangeAccess(true, null));
            assertThat(served("d1").shared()).isTrue();
            assertThat(services.vnvmes().show("d1").shared()).isTrue();
            // A guest that has it by PCI and by TCP may be sent from one to the other.
            services.paths().set("d1", new SetPath(Access.PCI, "inaccessible"));
        }
    }

    @Test
    void portOfItsOwnIsThereAsLongAsItIs() {
        try (Services services = services(FIRST)) {
            claim(services);
            services.vnvmes().create(wanted("d1", true, new TcpAccess(List.of(SECOND), List.of(NQN))));
            services.vnvmes().create(wanted("d2", false, new TcpAccess(List.of(SECOND), null)));
            services.vnvmes().create(CreateVnvme.thin("d3", 1 << 20));
            assertThat(plane.tcpPorts).extracting(TcpPort::where).containsExactly(FIRST, SECOND);
            assertThat(words(services.paths().list("d1"))).containsExactly("pci optimized 1", SECOND + " optimized 1");
            assertThat(words(services.paths().list("d3"))).hasSize(3);
            assertThat(services.vnvmes().show("d1").tcp())
                    .singleElement()
                    .asString()
                    .contains("-a 192.0.2.2 -s 4420");
            assertThat(services.vnvmes().show("d1").shared()).isTrue();
        }
        try (Services services = services(FIRST)) {
            assertThat(plane.tcpPorts).extracting(TcpPort::where).containsExactly(FIRST, SECOND);
            services.vnvmes().remove("d1");
            assertThat(plane.tcpPorts).hasSize(2);
            services.vnvmes().remove("d2");
            assertThat(plane.tcpPorts).extracting(TcpPort::where).containsExactly(FIRST);
        }
    }

    @Test
    void whatCannotBeReachedIsNotMade() {
        try (Services services = services()) {
            claim(services);
            refused(
                    ProblemCode.BAD_REQUEST,
                    () -> services.vnvmes().create(wanted("d1", false, new TcpAccess(null, List.of(NQN)))));
            refused(
                    ProblemCode.BAD_REQUEST,
                    () -> services.vnvmes()
                            .create(wanted("d1", false, new TcpAccess(List.of(FIRST, "nonsense"), null))));
            refused(
                    ProblemCode.BAD_NAME,
                    () -> services.vnvmes()
                            .create(wanted("d1", false, new TcpAccess(List.of(FIRST), List.of("nobody")))));
            assertThat(plane.tcpPorts).isEmpty();
            assertThat(services.vnvmes().list()).isEmpty();
            assertThat(services.pools().list()).isEmpty();
        }
    }

    @Test
    void portThatCannotBeHadAtStartKeepsNothingElse() {
        try (Services services = services()) {
            claim(services);
            services.vnvmes().create(wanted("d1", false, new TcpAccess(List.of(FIRST), List.of(NQN))));
        }
        plane = new FakeDataPlane(world);
        plane.failing = "listen";
        try (Services services = new Services(new ServiceSetup("test", folder, folder, List.of()), plane)) {
            assertThat(services.vnvmes().show("d1").state()).isEqualTo("idle");
            assertThat(services.events().after(0, Duration.ZERO))
                    .extracting(EventInfo::kind)
                    .contains("port-failed");
        }
    }
}

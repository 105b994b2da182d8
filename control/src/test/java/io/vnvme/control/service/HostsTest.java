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
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.plane.TcpPort;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
        return new Services(new Services.Setup("test", folder, folder, List.of()).withTcp(List.of(PORT)), plane);
    }

    private static void make(Services services, FakeDataPlane.World world) {
        world.disk("/dev/fake", 1 << 30);
        services.drives().claim(new ClaimDrive("/dev/fake", null, null, false));
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
            services.hosts().deny("d1", NQN);
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
        }
    }
}

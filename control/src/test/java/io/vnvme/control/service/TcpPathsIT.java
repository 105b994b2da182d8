package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.PathInfo;
import io.vnvme.control.model.SetPath;
import io.vnvme.control.model.TcpAccess;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.Access;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.VerifyingLoad;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux's own multipath over two ports and PCI: it follows the states of paths, and loses nothing when one is cut. */
@Tag("guest")
class TcpPathsIT {
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000002";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final List<String> GATEWAYS = List.of("10.0.2.2", "10.0.3.2");

    @TempDir
    Path folder;

    private Services services;
    private List<String> ports = List.of();

    @BeforeEach
    void start() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()));
        TcpPort any = TcpPort.parse("127.0.0.1:0");
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(new RamOffer("ram0", 256 * MIB)))
                        .withTcp(List.of(any, any)),
                plane);
        ports = plane.tcpPorts().stream().map(TcpPort::where).toList();
        services.drives().claim(ClaimDrive.of("ram0", null, null, false));
        services.vnvmes()
                .create(new CreateVnvme(
                        "disk",
                        128 * MIB,
                        null,
                        false,
                        false,
                        null,
                        false,
                        null,
                        null,
                        null,
                        true,
                        new TcpAccess(null, List.of(HOST_NQN))));
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private static Vm vm() {
        return Vm.builder(Lab.prepare())
                .name("multipath")
                .smp("2")
                .rootPorts(1)
                .arguments(
                        "-netdev",
                        "user,id=net0",
                        "-device",
                        "virtio-net-pci,netdev=net0,romfile=",
                        "-netdev",
                        "user,id=net1,net=10.0.3.0/24",
                        "-device",
                        "virtio-net-pci,netdev=net1,romfile=")
                .start();
    }

    @Test
    void linuxFollowsThePathsAndLosesNothing() {
        try (Vm vm = vm()) {
            vm.sh("modprobe virtio_net; modprobe nvme-tcp\n"
                    + "for i in 0 1; do ip addr add 10.0.$((2 + i)).15/24 dev eth$i; ip link set eth$i up; done\n"
                    + "mkdir -p /etc/nvme; echo " + HOST_NQN + " >/etc/nvme/hostnqn\n"
                    + "echo 5d0e3a9c-0000-4000-8000-000000000002 >/etc/nvme/hostid");
            connect(vm, 0);
            connect(vm, 1);
            await().atMost(LIMIT)
                    .until(() -> vm.run("test -b /dev/nvme0n1", LIMIT).ok());
            assertThat(vm.sh("ls /sys/class/nvme-subsystem/")).as("one drive").isEqualTo("nvme-subsys0");
            assertThat(states(vm, 0)).isEqualTo("optimized");
            assertThat(services.paths().list("disk"))
                    .extracting(PathInfo::clients)
                    .containsExactly(0, 1, 1);
            VerifyingLoad load =
                    VerifyingLoad.start(vm, "nvme0n1", new VerifyingLoad.Terms(8, 16, "4k-4k", Duration.ofSeconds(10)));
            statesAreFollowed(vm, load);
            pciIsAPathToo(vm, load);
            aCutPathIsLeftAndComesBack(vm, load);
            load.end();
            assertThat(vm.sh("dmesg")).doesNotContain("I/O error", "WARNING");
        }
    }

    private void connect(Vm vm, int path) {
        vm.sh("nvme connect -t tcp -a %s -s %s -n %s -k 3 -c 1 -l 600"
                .formatted(
                        GATEWAYS.get(path),
                        ports.get(path).substring(ports.get(path).indexOf(':') + 1),
                        services.vnvmes().show("disk").nqn()));
    }

    /** The ANA state that the guest has seen of a path. */
    private static String states(Vm vm, int path) {
        return vm.sh("for c in /sys/class/nvme/nvme*; do grep -q %s, $c/address && cat $c/nvme*/ana_state; done; true"
                .formatted(GATEWAYS.get(path)));
    }

    private void set(String path, String state) {
        services.paths().set("disk", new SetPath(path, state));
    }

    private void statesAreFollowed(Vm vm, VerifyingLoad load) {
        for (String state : List.of("inaccessible", "non-optimized", "change", "optimized")) {
            set(ports.getFirst(), state);
            await().atMost(LIMIT).until(() -> states(vm, 0).equals(state));
            assertThat(states(vm, 1)).isEqualTo("optimized");
            load.goesOn();
        }
    }

    private void pciIsAPathToo(Vm vm, VerifyingLoad load) {
        services.vnvmes().attach("disk", AttachVnvme.toSocket(vm.qmpSocket().toString(), false, null));
        await().atMost(LIMIT).until(() -> vm.sh("nvme list-subsys").contains("pcie"));
        assertThat(vm.sh("ls /sys/class/nvme-subsystem/")).as("one drive").isEqualTo("nvme-subsys0");
        assertThat(services.paths().list("disk")).extracting(PathInfo::clients).containsExactly(1, 1, 1);
        ports.forEach(port -> set(port, "inaccessible"));
        await().atMost(LIMIT).until(() -> states(vm, 1).equals("inaccessible"));
        load.goesOn();
        ports.forEach(port -> set(port, "optimized"));
        set(Access.PCI, "inaccessible");
        await().atMost(LIMIT).until(() -> states(vm, 1).equals("optimized"));
        load.goesOn();
    }

    private void aCutPathIsLeftAndComesBack(Vm vm, VerifyingLoad load) {
        vm.qmp().execute("set_link", Map.of("name", "net1", "up", false));
        await().atMost(LIMIT)
                .until(() -> services.paths().list("disk").getLast().clients() == 0);
        load.goesOn();
        vm.qmp().execute("set_link", Map.of("name", "net1", "up", true));
        await().atMost(LIMIT)
                .until(() -> services.paths().list("disk").getLast().clients() == 1);
        set(ports.getFirst(), "inaccessible");
        await().atMost(LIMIT).until(() -> states(vm, 0).equals("inaccessible"));
        load.goesOn();
    }
}

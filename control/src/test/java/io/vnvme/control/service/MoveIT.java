package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.TcpAccess;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.VerifyingLoad;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Linux guest that checks what it wrote, while its drive goes from pool to pool, and from PCI to TCP and back. */
@Tag("guest")
final class MoveIT {
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000003";
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final VerifyingLoad.Terms LOAD = new VerifyingLoad.Terms(16, 32, "4k-4k", Duration.ofSeconds(10));

    @TempDir
    Path folder;

    private Services services;
    private String port = "";

    @BeforeEach
    void start() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()));
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of()).withTcp(List.of(TcpPort.parse("127.0.0.1:0"))),
                plane);
        String where = plane.tcpPorts().getFirst().where();
        port = where.substring(where.indexOf(':') + 1);
        pool("ram", "ram:128M", null);
        pool("file", folder.resolve("drive.img").toString(), 128 * MIB);
        services.vnvmes()
                .create(new CreateVnvme(
                        "disk",
                        96 * MIB,
                        "ram",
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

    private void pool(String name, String drive, @Nullable Long sizeBytes) {
        services.drives().claim(new ClaimDrive(drive, sizeBytes, "drive-" + name, false, null));
        services.pools().create(new CreatePool(name, List.of("drive-" + name), null));
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private static Vm vm() {
        return Vm.builder(Lab.prepare())
                .name("moving")
                .smp("2")
                .rootPorts(1)
                .arguments("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=")
                .start();
    }

    @Test
    void theGuestGoesOnWhereverItsDriveIs() {
        try (Vm vm = vm()) {
            vm.sh("modprobe virtio_net; modprobe nvme-tcp\n"
                    + "ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
                    + "mkdir -p /etc/nvme; echo " + HOST_NQN + " >/etc/nvme/hostnqn\n"
                    + "echo 5d0e3a9c-0000-4000-8000-000000000003 >/etc/nvme/hostid");
            attach(vm);
            VerifyingLoad load = VerifyingLoad.start(vm, "nvme0n1", LOAD);
            for (String pool : List.of("file", "ram", "file", "ram")) {
                moved(pool);
                load.goesOn();
            }
            print("while it moved four times", load.end());
            VerifyingLoad second = VerifyingLoad.start(vm, "nvme0n1", LOAD);
            toTcpAndBack(vm, second);
            print("while it went to TCP and back", second.end());
            assertThat(vm.sh("dmesg")).doesNotContain("I/O error", "WARNING");
        }
    }

    private void attach(Vm vm) {
        services.vnvmes().attach("disk", AttachVnvme.toSocket(vm.qmpSocket().toString(), false, null));
        await().atMost(LIMIT).until(() -> vm.run("test -b /dev/nvme0n1", LIMIT).ok());
    }

    private void moved(String pool) {
        JobInfo begun = services.moves().move("disk", new MoveVnvme(pool, false));
        JobInfo job = services.jobs().show(begun.id(), LIMIT);
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        System.out.println(job.result());
    }

    /** Given a second way in use, it loses the first, moves, and gets the first back. */
    private void toTcpAndBack(Vm vm, VerifyingLoad load) {
        vm.sh("nvme connect -t tcp -a 10.0.2.2 -s %s -n %s -k 3 -c 1 -l 600"
                .formatted(port, services.vnvmes().show("disk").nqn()));
        await().atMost(LIMIT).until(() -> vm.sh("nvme list-subsys").contains("tcp"));
        assertThat(vm.sh("ls /sys/class/nvme-subsystem/")).as("one drive").isEqualTo("nvme-subsys0");
        load.goesOn();
        services.vnvmes().detach("disk", new DetachVnvme(false, null));
        load.goesOn();
        moved("file");
        load.goesOn();
        services.vnvmes().attach("disk", AttachVnvme.toSocket(vm.qmpSocket().toString(), false, null));
        load.goesOn();
        vm.sh("nvme disconnect -d $(for c in /sys/class/nvme/nvme*; do grep -q tcp $c/transport && basename $c; done)");
        load.goesOn();
        moved("ram");
        load.goesOn();
    }

    /** For people: a bound would be one on this machine's emulation and on what else it does. */
    private static void print(String when, List<Duration> longest) {
        System.out.printf(
                "measured, not checked: the longest command %s took %.1f ms%n",
                when, Collections.max(longest).toNanos() / 1e6);
    }
}

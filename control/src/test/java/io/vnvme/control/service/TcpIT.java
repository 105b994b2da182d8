package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.HostInfo;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux's own NVMe/TCP host, in a guest whose network reaches this one at 10.0.2.2. */
@Tag("guest")
class TcpIT {
    private static final String GATEWAY = "10.0.2.2";
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000001";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String FIO = "fio --name=verify --ioengine=libaio --direct=1 --filename=/tmp/disk"
            + " --verify=crc32c --verify_fatal=1 --output=/tmp/fio.log ";

    @TempDir
    Path folder;

    private Services services;
    private int port;

    @BeforeEach
    void start() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()));
        TcpPort asked = new TcpPort(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Optional.of(GATEWAY));
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofMillis(200)).withTcp(List.of(asked)),
                plane);
        port = plane.tcpPorts().getFirst().address().getPort();
        services.drives().claim(ClaimDrive.of(folder.resolve("drive.img").toString(), 512 * MIB, null, false));
        services.vnvmes().create(CreateVnvme.thin("disk", 128 * MIB));
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private static Vm vm() {
        return Vm.builder(Lab.prepare())
                .name("tcp-host")
                .smp("2")
                .arguments("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=")
                .start();
    }

    private String where() {
        return " -t tcp -a %s -s %d ".formatted(GATEWAY, port);
    }

    private String connect(String more) {
        return "nvme connect%s-n %s %s"
                .formatted(where(), services.vnvmes().show("disk").nqn(), more);
    }

    /** Whatever number it has: a discovery controller may have come before. */
    private static void awaitDisk(Vm vm) {
        String find = "rm -f /tmp/disk /tmp/ctrl; test -b $(echo /dev/nvme*n1) && ln -s $(echo /dev/nvme*n1) /tmp/disk"
                + " && for c in /sys/class/nvme/nvme*; do grep -q discovery $c/subsysnqn"
                + " || ln -sf /dev/${c##*/} /tmp/ctrl; done";
        await().atMost(LIMIT).until(() -> vm.run(find, LIMIT).ok());
    }

    private HostInfo host() {
        return services.hosts().list("disk").getFirst();
    }

    @Test
    void aLinuxHostDoesAllThatItDoes() {
        String nqn = services.vnvmes().show("disk").nqn();
        try (Vm vm = vm()) {
            vm.sh("modprobe virtio_net; modprobe nvme-tcp; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
                    + "mkdir -p /etc/nvme; echo " + HOST_NQN + " >/etc/nvme/hostnqn\n"
                    + "echo 5d0e3a9c-0000-4000-8000-000000000001 >/etc/nvme/hostid");
            refusedUntilAllowed(vm, nqn);
            connectedByDiscovery(vm, nqn);
            withDigests(vm);
            resizedAndReserved(vm);
            assertThat(vm.sh("dmesg | grep -v 'tsc: '")).doesNotContain("timeout", "I/O error", "WARNING");
            disconnectedUnderLoad(vm);
        }
    }

    private void refusedUntilAllowed(Vm vm, String nqn) {
        assertThat(vm.sh("nvme discover" + where() + "2>&1")).doesNotContain(nqn);
        assertThat(vm.run(connect(""), LIMIT).ok()).isFalse();
        await().atMost(LIMIT)
                .until(() -> services.events().after(0, Duration.ZERO).stream()
                        .anyMatch(e -> e.kind().equals("host-refused")
                                && e.subject().equals("disk")
                                && e.text().contains(HOST_NQN)));
        services.hosts().allow("disk", HOST_NQN);
        assertThat(vm.sh("nvme discover" + where())).contains(nqn, GATEWAY, "trsvcid: " + port);
    }

    private void connectedByDiscovery(Vm vm, String nqn) {
        vm.sh("nvme connect-all" + where());
        awaitDisk(vm);
        assertThat(vm.sh("nvme list-subsys")).contains(nqn, "tcp", "live");
        assertThat(vm.sh("nvme id-ctrl -H $(readlink /tmp/ctrl)"))
                .contains("mdts", "kas", "ioccsz    : 1028", "iorcsz    : 1");
        assertThat(vm.sh("nvme id-ns -H $(readlink /tmp/disk)")).contains("in use");
        assertThat(vm.sh("blockdev --getsize64 $(readlink /tmp/disk)")).isEqualTo(Long.toString(128 * MIB));
        assertThat(host().connections())
                .singleElement()
                .satisfies(c -> assertThat(c.queues()).isEqualTo(2));
        assertThat(services.vnvmes().show("disk").state()).isEqualTo("connected");
        vm.sh(FIO + "--iodepth=32 --size=48m --rw=randwrite --bsrange=4k-256k --bs_unaligned=0"
                + " || { cat /tmp/fio.log; exit 1; }");
        vm.sh("mkfs.ext4 -q -F /tmp/disk && mount -t ext4 /tmp/disk /mnt && echo kept >/mnt/file && umount /mnt");
        vm.sh("nvme disconnect -n " + nqn);
        await().atMost(LIMIT).until(() -> host().connections().isEmpty());
    }

    private void withDigests(Vm vm) {
        vm.sh(connect("-g -G -i 2 -k 5"));
        awaitDisk(vm);
        assertThat(vm.sh("mount -t ext4 /tmp/disk /mnt && cat /mnt/file && umount /mnt"))
                .contains("kept");
        startLoad(vm);
        vm.sh("for i in 1 2 3; do nvme reset $(readlink /tmp/ctrl) || exit 1; sleep 0.5; done");
        vm.sh("! test -e /tmp/load.status || { cat /tmp/fio.log; exit 1; }\n"
                + "killall -INT fio; for i in $(seq 300); do test -e /tmp/load.status && break; sleep 0.1; done\n"
                + "grep -q 'err= 0' /tmp/fio.log || { cat /tmp/fio.log; exit 1; }");
    }

    private static void startLoad(Vm vm) {
        vm.sh("rm -f /tmp/load.status; (" + FIO + "--iodepth=16 --size=32m --rw=randwrite --bs=4k --time_based"
                + " --runtime=600 >/dev/null 2>&1; echo $? >/tmp/load.status) & sleep 1; ! test -e /tmp/load.status"
                + " || { cat /tmp/fio.log; exit 1; }");
    }

    private void resizedAndReserved(Vm vm) {
        services.vnvmes().resize("disk", new ResizeVnvme(192 * MIB, false));
        await().atMost(LIMIT)
                .until(() -> vm.sh("blockdev --getsize64 $(readlink /tmp/disk)").equals(Long.toString(192 * MIB)));
        vm.sh("set -e\n"
                + "nvme resv-register $(readlink /tmp/disk) --nrkey=0x1234 --rrega=0\n"
                + "nvme resv-acquire $(readlink /tmp/disk) --crkey=0x1234 --rtype=1 --racqa=0");
        assertThat(vm.sh("nvme resv-report $(readlink /tmp/disk) -e")).contains("regctl", "1234");
        vm.sh("set -e\n"
                + "dd if=/dev/urandom of=/tmp/disk bs=4k count=1 oflag=direct 2>/dev/null\n"
                + "nvme resv-release $(readlink /tmp/disk) --crkey=0x1234 --rtype=1 --rrela=0\n"
                + "nvme resv-register $(readlink /tmp/disk) --crkey=0x1234 --rrega=1\n"
                + "nvme flush $(readlink /tmp/disk)\n"
                + "blkdiscard -o 1M -l 2M $(readlink /tmp/disk)\n"
                + "nvme smart-log $(readlink /tmp/ctrl) && nvme error-log $(readlink /tmp/ctrl) -e 4 >/dev/null");
    }

    private void disconnectedUnderLoad(Vm vm) {
        startLoad(vm);
        vm.sh(
                "nvme disconnect-all; for i in $(seq 300); do test -e /tmp/load.status && exit 0; sleep 0.1; done; exit 1");
        await().atMost(LIMIT).until(() -> host().connections().isEmpty());
        await().atMost(LIMIT).until(() -> services.vnvmes().show("disk").state().equals("idle"));
        vm.sh(connect(""));
        awaitDisk(vm);
        services.hosts().deny("disk", HOST_NQN);
        assertThat(services.hosts().list("disk")).isEmpty();
        services.vnvmes().remove("disk");
    }
}

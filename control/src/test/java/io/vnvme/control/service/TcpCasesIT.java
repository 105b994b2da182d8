package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.TcpAccess;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What those who keep Linux's NVMe host try with a target over fabrics, case by case. Verified I/O, reset and disconnect under load,
 * and reservations are in {@link TcpIT}; authentication in TcpAuthIT; failover by ANA in {@link TcpPathsIT}.
 */
@Tag("guest")
class TcpCasesIT {
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000003";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int MANY = 40;
    private static final Pattern HEADER = Pattern.compile("Number of Records (\\d+), Generation counter (\\d+)");

    @TempDir
    Path folder;

    private Services services;
    private int port;
    private String nqn = "";

    @BeforeEach
    void start() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()));
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(new RamOffer("ram0", 512 * MIB)))
                        .withTcp(List.of(TcpPort.parse("127.0.0.1:0=10.0.2.2"))),
                plane);
        port = plane.tcpPorts().getFirst().address().getPort();
        services.drives().claim(ClaimDrive.of("ram0", null, null, false));
        nqn = create("disk", 64 * MIB).nqn();
    }

    private VnvmeInfo create(String name, long sizeBytes) {
        return services.vnvmes()
                .create(new CreateVnvme(
                        name,
                        sizeBytes,
                        null,
                        false,
                        false,
                        null,
                        false,
                        null,
                        null,
                        null,
                        false,
                        new TcpAccess(null, List.of(HOST_NQN))))
                .vnvme();
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private String connect(String more) {
        return "nvme connect -t tcp -a 10.0.2.2 -s %d -n %s %s\n".formatted(port, nqn, more)
                + "for i in $(seq 100); do test -b /dev/nvme0n1 && break; sleep 0.1; done; test -b /dev/nvme0n1";
    }

    private static final String DISCONNECT = "nvme disconnect-all; for i in $(seq 100); do test -e /dev/nvme0 || break;"
            + " sleep 0.1; done; ! test -e /dev/nvme0";

    @Test
    void linuxFindsWhatItTriesWithEveryTarget() {
        try (Vm vm = Vm.builder(Lab.prepare())
                .name("tcp-cases")
                .smp("2")
                .arguments("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=")
                .start()) {
            vm.sh("modprobe virtio_net; modprobe nvme-tcp; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
                    + "mkdir -p /etc/nvme; echo " + HOST_NQN + " >/etc/nvme/hostnqn\n"
                    + "echo 5d0e3a9c-0000-4000-8000-000000000003 >/etc/nvme/hostid");
            discoveryWithMany(vm);
            discoveryIsKeptAlive(vm);
            identifiersAndLogs(vm);
            commandsByHand(vm);
            nothingUnusual(vm);
            queueTypes(vm);
            // Linux 6.12 warns of itself when it polls: its lock of the socket sleeps where it must not.
            vm.sh("dmesg -c >/dev/null");
            rescanUnderLoad(vm);
            deletedAsSoonAsMade(vm);
            nothingUnusual(vm);
        }
    }

    private static void nothingUnusual(Vm vm) {
        assertThat(vm.sh("dmesg | grep -v 'tsc: '")).doesNotContain("timeout", "WARNING", "BUG", "failed to recover");
    }

    private int[] discovered(Vm vm) {
        Matcher header = HEADER.matcher(vm.sh("nvme discover -t tcp -a 10.0.2.2 -s " + port));
        assertThat(header.find()).isTrue();
        return new int[] {Integer.parseInt(header.group(1)), Integer.parseInt(header.group(2))};
    }

    /** Many subsystems come and go; each change counts. */
    private void discoveryWithMany(Vm vm) {
        int[] first = discovered(vm);
        assertThat(first[0]).isOne();
        assertThat(discovered(vm)).as("nothing changed").isEqualTo(first);
        for (int i = 0; i < MANY; i++) {
            create("many" + i, MIB);
        }
        int[] many = discovered(vm);
        assertThat(many[0]).isEqualTo(1 + MANY);
        assertThat(many[1]).isGreaterThan(first[1]);
        for (int i = 0; i < MANY; i++) {
            services.vnvmes().remove("many" + i);
        }
        int[] last = discovered(vm);
        assertThat(last[0]).isOne();
        assertThat(last[1]).isGreaterThan(many[1]);
    }

    /** A discovery controller that a host keeps lives as long as the host says so. */
    private void discoveryIsKeptAlive(Vm vm) {
        vm.sh("nvme discover -p -k 2 -t tcp -a 10.0.2.2 -s %d >/dev/null; sleep 5\n".formatted(port)
                + "cat /sys/class/nvme/nvme0/state | grep live || { dmesg | tail -5; exit 1; }");
        assertThat(vm.sh("dmesg")).doesNotContain("starting error recovery");
        vm.sh(DISCONNECT);
    }

    private void identifiersAndLogs(Vm vm) {
        vm.sh(connect(""));
        VnvmeInfo disk = services.vnvmes().show("disk");
        assertThat(vm.sh("nvme ns-descs /dev/nvme0n1")).contains(disk.uuid(), disk.nguid(), disk.eui64());
        assertThat(vm.sh("cat /sys/block/nvme0n1/uuid")).isEqualTo(disk.uuid());
        assertThat(vm.sh("nvme list")).contains("/dev/nvme0n1", disk.serial());
        assertThat(vm.sh("nvme list-subsys")).contains(nqn);
        vm.sh("set -e\nnvme smart-log /dev/nvme0\nnvme effects-log /dev/nvme0 >/dev/null\nnvme id-ctrl /dev/nvme0\n"
                + "nvme ns-rescan /dev/nvme0\nnvme reset /dev/nvme0\n"
                + "for i in $(seq 50); do grep -q live /sys/class/nvme/nvme0/state && break; sleep 0.1; done\n"
                + "grep live /sys/class/nvme/nvme0/state");
    }

    /** Read, Write, Flush and Dataset Management by hand, and a range that is none: an error, and the path is well. */
    private void commandsByHand(Vm vm) {
        vm.sh("set -e\n"
                + "head -c 4096 /dev/urandom >/tmp/written\n"
                + "nvme write /dev/nvme0n1 -s 8 -c 7 -z 4096 -d /tmp/written\n"
                + "nvme read /dev/nvme0n1 -s 8 -c 7 -z 4096 -d /tmp/read\n"
                + "cmp /tmp/written /tmp/read\n"
                + "nvme compare /dev/nvme0n1 -s 8 -c 7 -z 4096 -d /tmp/written\n"
                + "nvme flush /dev/nvme0n1\n"
                + "nvme dsm /dev/nvme0n1 --ad -s 8 -b 8\n"
                + "nvme read /dev/nvme0n1 -s 8 -c 7 -z 4096 -d /tmp/read\n"
                + "head -c 4096 /dev/zero | cmp - /tmp/read\n"
                + "nvme write-zeroes /dev/nvme0n1 -s 0 -c 7\n"
                + "blocks=$(cat /sys/block/nvme0n1/size)\n"
                + "nvme read /dev/nvme0n1 -s $((blocks - 8)) -c 7 -z 4096 -d /tmp/read");
        for (String range : List.of("$(cat /sys/block/nvme0n1/size)", "$(($(cat /sys/block/nvme0n1/size) - 1))")) {
            assertThat(vm.run("nvme read /dev/nvme0n1 -s " + range + " -c 7 -z 4096 -d /tmp/read 2>&1", LIMIT)
                            .output())
                    .contains("LBA");
        }
        assertThat(vm.run("nvme admin-passthru /dev/nvme0 -o 0x7e 2>&1", LIMIT).ok())
                .isFalse();
        vm.sh("grep live /sys/class/nvme/nvme0/state && nvme flush /dev/nvme0n1");
        vm.sh(DISCONNECT);
    }

    private void queueTypes(Vm vm) {
        vm.sh(connect("-i 1 -W 1 -P 1"));
        assertThat(services.hosts().list("disk").getFirst().connections())
                .singleElement()
                .satisfies(c -> assertThat(c.queues()).isEqualTo(3));
        vm.sh("fio --name=poll --ioengine=io_uring --hipri=1 --direct=1 --filename=/dev/nvme0n1 --rw=randrw --bs=4k"
                + " --size=4m --iodepth=8 --verify=crc32c >/tmp/fio.log 2>&1 || { cat /tmp/fio.log; exit 1; }");
        vm.sh(DISCONNECT);
    }

    private void rescanUnderLoad(Vm vm) {
        vm.sh(connect(""));
        vm.sh("(fio --name=load --ioengine=libaio --direct=1 --filename=/dev/nvme0n1 --rw=randrw --bs=4k --size=16m"
                + " --iodepth=8 --time_based --runtime=4 >/tmp/fio.log 2>&1; echo $? >/tmp/load.status) &\n"
                + "for i in $(seq 10); do nvme ns-rescan /dev/nvme0 || exit 1; sleep 0.2; done\n"
                + "for i in $(seq 300); do test -e /tmp/load.status && break; sleep 0.1; done\n"
                + "grep -q '^0$' /tmp/load.status || { cat /tmp/fio.log; exit 1; }");
        vm.sh(DISCONNECT);
    }

    /** A controller is taken away while its queues are still being made. */
    private void deletedAsSoonAsMade(Vm vm) {
        vm.sh("for i in $(seq 10); do nvme connect -t tcp -a 10.0.2.2 -s %d -n %s || exit 1\n".formatted(port, nqn)
                + "nvme disconnect -n %s || exit 1; done".formatted(nqn));
        await().atMost(LIMIT)
                .until(() ->
                        services.hosts().list("disk").getFirst().connections().isEmpty());
        assertThat(services.vnvmes().show("disk").state()).isEqualTo("idle");
        services.vnvmes().remove("disk");
    }
}

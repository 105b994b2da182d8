package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.DhHash;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux's own DH-HMAC-CHAP, in a guest whose network reaches this host at 10.0.2.2. */
@Tag("guest")
class TcpAuthIT {
    private static final String GATEWAY = "10.0.2.2";
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000002";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private final SecureRandom random = new SecureRandom();
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
        services.hosts().allow("disk", HOST_NQN);
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private String key(DhHash hash) {
        return ChapKey.generate(Optional.of(hash), random).secret();
    }

    private void keys(String host, @Nullable String controller, @Nullable String hash, @Nullable String group) {
        services.hosts().keys("disk", HOST_NQN, new SetHostKeys(host, controller, hash, group, null));
    }

    private String connect(String secrets) {
        return "nvme connect -t tcp -a %s -s %d -n %s %s"
                .formatted(GATEWAY, port, services.vnvmes().show("disk").nqn(), secrets);
    }

    private static void awaitDisk(Vm vm) {
        String find = "rm -f /tmp/disk; test -b $(echo /dev/nvme*n1) && ln -s $(echo /dev/nvme*n1) /tmp/disk";
        await().atMost(LIMIT).until(() -> vm.run(find, LIMIT).ok());
    }

    private void disconnect(Vm vm) {
        vm.sh("nvme disconnect-all");
        await().atMost(LIMIT)
                .until(() ->
                        services.hosts().list("disk").getFirst().connections().isEmpty());
    }

    private void refused(Vm vm, String secrets, String why) {
        assertThat(vm.run(connect(secrets), LIMIT).ok()).isFalse();
        await().atMost(LIMIT)
                .until(() -> services.events().after(0, Duration.ZERO).stream()
                        .anyMatch(e -> e.kind().equals("host-refused")
                                && e.subject().equals("disk")
                                && e.text().contains(HOST_NQN)
                                && e.text().contains(why)));
    }

    @Test
    void linuxAuthenticates() {
        try (Vm vm = Vm.builder(Lab.prepare())
                .name("tcp-auth")
                .smp("2")
                .arguments("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=")
                .start()) {
            vm.sh("modprobe virtio_net; modprobe nvme-tcp; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
                    + "mkdir -p /etc/nvme; echo " + HOST_NQN + " >/etc/nvme/hostnqn\n"
                    + "echo 5d0e3a9c-0000-4000-8000-000000000002 >/etc/nvme/hostid");
            oneWay(vm);
            bothWays(vm);
            withWhatIsDemanded(vm);
            again(vm);
        }
    }

    private void oneWay(Vm vm) {
        String right = key(DhHash.SHA_256);
        keys(right, null, null, null);
        assertThat(vm.run(connect(""), LIMIT).ok()).isFalse();
        refused(vm, "--dhchap-secret=" + key(DhHash.SHA_256), "it does not have the host's key");
        vm.sh(connect("--dhchap-secret=" + right));
        awaitDisk(vm);
        assertThat(vm.sh("dmesg | grep authenticated")).contains("hash hmac(sha256) dhgroup ffdhe2048");
        vm.sh(
                "fio --name=verify --ioengine=libaio --direct=1 --filename=/tmp/disk --verify=crc32c --verify_fatal=1"
                        + " --output=/tmp/fio.log --iodepth=16 --size=16m --rw=randwrite --bs=4k || { cat /tmp/fio.log; exit 1; }");
        disconnect(vm);
    }

    private void bothWays(Vm vm) {
        String host = key(DhHash.SHA_384);
        String controller = key(DhHash.SHA_512);
        keys(host, controller, null, null);
        refused(
                vm,
                "--dhchap-secret=%s --dhchap-ctrl-secret=%s".formatted(host, key(DhHash.SHA_512)),
                "the host refuses the controller");
        vm.sh("dmesg -c >/dev/null");
        vm.sh(connect("--dhchap-secret=%s --dhchap-ctrl-secret=%s".formatted(host, controller)));
        awaitDisk(vm);
        assertThat(vm.sh("dmesg")).contains("qid 0: controller authenticated");
        disconnect(vm);
    }

    private void withWhatIsDemanded(Vm vm) {
        String host = key(DhHash.SHA_512);
        String controller = key(DhHash.SHA_256);
        for (String[] pair : new String[][] {{"sha384", "null"}, {"sha256", "ffdhe3072"}, {"sha512", "ffdhe8192"}}) {
            keys(host, controller, pair[0], pair[1]);
            vm.sh("dmesg -c >/dev/null");
            vm.sh(connect("--dhchap-secret=%s --dhchap-ctrl-secret=%s".formatted(host, controller)));
            awaitDisk(vm);
            assertThat(vm.sh("dmesg")).contains("hash hmac(%s) dhgroup %s".formatted(pair[0], pair[1]));
            disconnect(vm);
        }
    }

    /** Another key, while the drive is in use. */
    private void again(Vm vm) {
        String first = key(DhHash.SHA_256);
        String second = key(DhHash.SHA_256);
        keys(first, "", "", "");
        vm.sh(connect("--dhchap-secret=" + first));
        awaitDisk(vm);
        vm.sh("(fio --name=load --ioengine=libaio --direct=1 --filename=/tmp/disk --verify=crc32c --verify_fatal=1"
                + " --output=/tmp/fio.log --iodepth=8 --size=16m --rw=randwrite --bs=4k --time_based --runtime=600"
                + " >/dev/null 2>&1; echo $? >/tmp/load.status) & sleep 1; ! test -e /tmp/load.status");
        keys(second, null, null, null);
        vm.sh("dmesg -c >/dev/null; for c in /sys/class/nvme/nvme*; do echo " + second
                + " >$c/dhchap_secret || exit 1; done");
        await().atMost(LIMIT).until(() -> vm.sh("dmesg").contains("qid 0: authenticated"));
        assertThat(vm.sh("dmesg")).doesNotContain("failed", "I/O error");
        vm.sh("! test -e /tmp/load.status || { cat /tmp/fio.log; exit 1; }\n"
                + "killall -INT fio; for i in $(seq 300); do test -e /tmp/load.status && break; sleep 0.1; done\n"
                + "grep -q 'err= 0' /tmp/fio.log || { cat /tmp/fio.log; exit 1; }");
        disconnect(vm);
    }
}

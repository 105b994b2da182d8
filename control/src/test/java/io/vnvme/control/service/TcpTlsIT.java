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
import io.vnvme.fabrics.tls.TlsKey;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux's own TLS, whose handshakes tlshd makes with GnuTLS, in a guest whose network reaches this host at 10.0.2.2. */
@Tag("guest")
class TcpTlsIT {
    private static final String GATEWAY = "10.0.2.2";
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000003";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Services services;
    private int port;
    private String nqn = "";

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
        nqn = services.vnvmes().show("disk").nqn();
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private String connect(String more) {
        return "nvme connect -t tcp -a %s -s %d -n %s %s".formatted(GATEWAY, port, nqn, more);
    }

    private boolean refused(String why) {
        return services.events().after(0, Duration.ZERO).stream()
                .anyMatch(e -> e.kind().equals("host-refused")
                        && e.text().contains(HOST_NQN)
                        && e.text().contains(why));
    }

    /** Gives the guest's kernel a key, as an identity of a version. */
    private void insert(Vm vm, TlsKey key, int version) {
        vm.sh("nvme check-tls-key --keydata=%s --hostnqn=%s --subsysnqn=%s --identity=%d --insert"
                .formatted(key.secret(), HOST_NQN, nqn, version));
    }

    @Test
    void linuxComesByTls() {
        TlsKey key = TlsKey.generate(new SecureRandom());
        services.hosts().keys("disk", HOST_NQN, new SetHostKeys(null, null, null, null, key.secret()));
        try (Vm vm = Vm.builder(Lab.prepare())
                .name("tcp-tls")
                .smp("2")
                .arguments("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=")
                .start()) {
            vm.sh(
                    "modprobe virtio_net; modprobe -a tls gcm ghash_generic aesni_intel; modprobe nvme-tcp; ip addr add 10.0.2.15/24 dev eth0\n"
                            + "ip link set eth0 up; ip link set lo up; mkdir -p /etc/nvme; echo " + HOST_NQN
                            + " >/etc/nvme/hostnqn\necho 5d0e3a9c-0000-4000-8000-000000000003 >/etc/nvme/hostid\n"
                            + "printf '[debug]\\nloglevel=1\\ntls=1\\nnl=0\\n[authenticate]\\nkeyrings=.nvme\\n' >/etc/tlshd.conf\n"
                            + "tlshd -s -c /etc/tlshd.conf >/tmp/tlshd.log 2>&1 &");
            assertThat(vm.run(connect(""), LIMIT).ok()).isFalse();
            await().atMost(LIMIT).until(() -> refused("has to use TLS"));
            insert(vm, TlsKey.generate(new SecureRandom()), 0);
            assertThat(vm.run(connect("--tls"), LIMIT).ok()).isFalse();
            await().atMost(LIMIT).until(() -> refused("its key is another one"));
            for (int version = 0; version <= 1; version++) {
                insert(vm, key, version);
                assertThat(vm.run(
                                        connect("--tls") + " 2>&1 || { cat /tmp/tlshd.log; dmesg | tail -20; exit 1; }",
                                        LIMIT)
                                .output())
                        .contains("connecting to device");
                verify(vm);
                vm.sh("nvme disconnect-all");
            }
        }
    }

    private static void verify(Vm vm) {
        String find = "rm -f /tmp/disk; test -b $(echo /dev/nvme*n1) && ln -s $(echo /dev/nvme*n1) /tmp/disk";
        await().atMost(LIMIT).until(() -> vm.run(find, LIMIT).ok());
        vm.sh("fio --name=verify --ioengine=libaio --direct=1 --filename=/tmp/disk --verify=crc32c --verify_fatal=1"
                + " --output=/tmp/fio.log --iodepth=16 --size=24m --rw=randwrite --bsrange=4k-256k --bs_unaligned=0"
                + " || { cat /tmp/fio.log; exit 1; }");
    }
}

package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.problem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.Discover;
import io.vnvme.control.model.DiscoveredInfo;
import io.vnvme.control.model.RemoteDriveInfo;
import io.vnvme.control.model.RemotePathInfo;
import io.vnvme.control.model.SetDriveKeys;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.DhHash;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux's own NVMe/TCP target, in a guest that is reached through its user network, as a drive here. */
@Tag("guest")
class RemoteKernelIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final UUID NEAR = new UUID(0x5d0e3a9c_0000_4000L, 0x8000_0000_0000_000aL);
    private static final String NEAR_NQN = "nqn.2014-08.org.nvmexpress:uuid:" + NEAR;
    private static final String NQN = "nqn.2026-01.io.vnvme:kernel";
    private static final int DRIVE_MIB = 192;

    /** A null_blk device that keeps what is written, as namespace 1, for our host alone. */
    private static final String TARGET = """
            modprobe virtio_net; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip link set lo up
            modprobe null_blk nr_devices=0; modprobe nvmet; modprobe nvmet-tcp
            mount -t configfs none /sys/kernel/config 2>/dev/null
            d=/sys/kernel/config/nullb/nullb0; mkdir $d
            echo 1 >$d/memory_backed; echo %d >$d/size; echo 512 >$d/blocksize; echo 1 >$d/power
            s=/sys/kernel/config/nvmet/subsystems/%s; mkdir $s; echo 0 >$s/attr_allow_any_host
            mkdir $s/namespaces/1; echo -n /dev/nullb0 >$s/namespaces/1/device_path
            echo 1 >$s/namespaces/1/enable
            p=/sys/kernel/config/nvmet/ports/1; mkdir $p
            echo tcp >$p/addr_trtype; echo ipv4 >$p/addr_adrfam; echo 0.0.0.0 >$p/addr_traddr; echo 4420 >$p/addr_trsvcid
            """.formatted(DRIVE_MIB, NQN);

    private static final String LISTEN =
            "ln -s /sys/kernel/config/nvmet/subsystems/%1$s /sys/kernel/config/nvmet/ports/1/subsystems/%1$s"
                    .formatted(NQN);
    private static final String DEAF = "rm /sys/kernel/config/nvmet/ports/1/subsystems/" + NQN;

    private static final String HOST = "/sys/kernel/config/nvmet/hosts/" + NEAR_NQN;
    private static final String ALLOW =
            "mkdir %s; ln -s %1$s /sys/kernel/config/nvmet/subsystems/%s/allowed_hosts/".formatted(HOST, NQN);

    @TempDir
    Path folder;

    private int port;
    private Services services;
    private Vm vm;

    @BeforeEach
    void start() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        services = open();
        vm = vm();
    }

    private Services open() {
        return new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofMillis(200)),
                EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy()), NEAR));
    }

    @AfterEach
    void stop() {
        services.close();
        vm.close();
    }

    private Vm vm() {
        String network = "user,id=net0,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:4420".formatted(port);
        return Vm.builder(Lab.prepare())
                .name("tcp-target")
                .smp("2")
                .arguments("-netdev", network, "-device", "virtio-net-pci,netdev=net0,romfile=")
                .start();
    }

    private CheckedClient client() {
        return CheckedClient.open(Path.of(services.vnvmes().show("v").socket()));
    }

    private static void works(CheckedClient client) {
        long seen = client.completed();
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> client.completed() > seen + 200);
    }

    private RemotePathInfo path() {
        RemoteDriveInfo remote =
                Objects.requireNonNull(services.drives().show("kernel").remote());
        return remote.paths().getFirst();
    }

    @Test
    void aPoolOnLinuxsTargetStandsItsStopsAndStarts() {
        vm.sh(TARGET);
        vm.sh(LISTEN);
        String address = "nvme-tcp://127.0.0.1:%d/%s".formatted(port, NQN);
        assertThat(problem(() -> claim(address))).hasMessageContaining("does not allow this host, " + NEAR_NQN);
        vm.sh(ALLOW);
        assertThat(services.drives().discover(new Discover("127.0.0.1:" + port)).subsystems())
                .extracting(DiscoveredInfo::subsystemNqn)
                .contains(NQN);
        for (String digests : List.of("header,data", "header")) {
            claim(address + "?digests=" + digests);
            services.drives().release("kernel");
        }
        claim(address + "?keep-alive=2s");
        assertThat(services.drives().show("kernel").sizeBytes()).isEqualTo(DRIVE_MIB * MIB);
        services.pools().create(new CreatePool("p", List.of("kernel"), null));
        services.vnvmes()
                .create(CreateVnvme.thin("v", CheckedClient.VOLUME_BYTES).inPool("p"));
        try (CheckedClient client = client()) {
            works(client);
            for (int stops = 1; stops <= 2; stops++) {
                vm.sh(DEAF);
                await().atMost(LIMIT).until(() -> path().state().equals("lost"));
                vm.sh(LISTEN);
                works(client);
                assertThat(path().losses()).isEqualTo(stops);
            }
        }
        services.close();
        services = open();
        assertThat(services.pools().show("p").state()).isEqualTo("online");
        try (CheckedClient client = client()) {
            works(client);
        }
        services.vnvmes().remove("v");
        assertThat(services.pools().show("p").warnings()).isEmpty();
        assertThat(vm.sh("dmesg | grep -v 'tsc: '")).doesNotContain("WARNING", "BUG");
    }

    private void set(String attribute, String value) {
        vm.sh("echo '%s' >%s/%s".formatted(value, HOST, attribute));
    }

    private void claim(String spec, SetDriveKeys keys) {
        services.drives().claim(new ClaimDrive(spec, null, "kernel", false, keys));
    }

    /** Its target with DH-HMAC-CHAP (CONFIG_NVME_TARGET_AUTH): one way and both, and what is said when a key is wrong. */
    @Test
    void linuxsTargetAndThisHostShowEachOtherWhoTheyAre() {
        SecureRandom random = new SecureRandom();
        String key = ChapKey.generate(Optional.of(DhHash.SHA_256), random).secret();
        String controller = ChapKey.generate(Optional.empty(), random).secret();
        vm.sh(TARGET);
        vm.sh(ALLOW);
        vm.sh(LISTEN);
        set("dhchap_key", key);
        set("dhchap_ctrl_key", controller);
        String address = "nvme-tcp://127.0.0.1:%d/%s".formatted(port, NQN);
        assertThat(problem(() -> claim(address))).hasMessageContaining("no DH-HMAC-CHAP key for it here");
        assertThat(problem(() -> claim(address, new SetDriveKeys(controller, null, null))))
                .hasMessageContaining("the key here has to be the one that the target has");
        assertThat(problem(() -> claim(address, new SetDriveKeys(key, key, null))))
                .hasMessageContaining("the controller's key here is not");
        claim(address, new SetDriveKeys(key, null, null));
        services.drives().release("kernel");
        for (String terms : List.of("hmac(sha256) null", "hmac(sha384) ffdhe2048", "hmac(sha512) ffdhe3072")) {
            String[] pair = terms.split(" ", 2);
            set("dhchap_hash", pair[0]);
            set("dhchap_dhgroup", pair[1]);
            claim(address, new SetDriveKeys(key, controller, null));
            services.drives().release("kernel");
        }
        claim(address, new SetDriveKeys(key, controller, null));
        services.pools().create(new CreatePool("p", List.of("kernel"), null));
        services.vnvmes()
                .create(CreateVnvme.thin("v", CheckedClient.VOLUME_BYTES).inPool("p"));
        try (CheckedClient client = client()) {
            works(client);
            vm.sh(DEAF);
            await().atMost(LIMIT).until(() -> path().state().equals("lost"));
            vm.sh(LISTEN);
            works(client);
        }
        services.vnvmes().remove("v");
        assertThat(vm.sh("dmesg | grep -v 'tsc: '")).doesNotContain("WARNING", "BUG");
    }

    private void claim(String spec) {
        services.drives().claim(ClaimDrive.of(spec, null, "kernel", false));
    }
}

package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.VerifyingLoad;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.seed.Seed;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Linux guest checks what it wrote, with MSI-X and with MSI, while the daemon is killed again and again: QEMU and the guest
 * notice nothing. {@code -Dvnvme.kills=200} is the long version; {@code -Dvnvme.killSeconds=10} lets the next one stand by.
 */
@Tag("guest")
final class HeldGuestIT {
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5d0e3a9c-0000-4000-8000-000000000004";
    private static final int KILLS = Integer.getInteger("vnvme.kills", 3);
    private static final int KILL_SECONDS = Integer.getInteger("vnvme.killSeconds", 4);
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final VerifyingLoad.Terms LOAD = new VerifyingLoad.Terms(16, 16, "4k-32k", Duration.ofSeconds(30));

    @TempDir
    Path folder;

    @Test
    void fioFindsWhatItWroteAfterEachKill() throws IOException, InterruptedException {
        SplittableRandom random = Seed.ofRun("HeldGuestIT").random();
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, true);
                Vm vm = Vm.builder(Lab.prepare())
                        .name("held")
                        .smp("2")
                        .rootPorts(3)
                        .start()) {
            daemon.vnvme("drive", "claim", folder.resolve("drive.img").toString(), "--size", "256M");
            daemon.vnvme("create", "d1", "--size", "64M");
            daemon.vnvme("create", "d2", "--size", "64M", "--msi");
            attach(daemon, vm, "d1", 0);
            attach(daemon, vm, "d2", 1);
            List<VerifyingLoad> loads =
                    List.of(VerifyingLoad.start(vm, "nvme0n1", LOAD), VerifyingLoad.start(vm, "nvme1n1", LOAD));
            long before = 0;
            for (int kill = 0; kill < KILLS; kill++) {
                before = daemon.serving(before);
                loads.forEach(VerifyingLoad::goesOn);
                Thread.sleep(KILL_SECONDS * 1000L + random.nextInt(500));
                assertThat(ProcessHandle.of(before).orElseThrow().destroyForcibly())
                        .isTrue();
            }
            daemon.serving(before);
            loads.forEach(VerifyingLoad::goesOn);
            List<List<Duration>> longest =
                    loads.stream().map(VerifyingLoad::end).toList();
            System.out.printf("HeldGuestIT: %d kills, longest commands %s ms%n", KILLS, pausesMs(longest.getFirst()));
            assertThat(vm.sh("dmesg")).doesNotContain("I/O error", "WARNING", "completion polled", "timeout", "reset");
            assertThat(daemon.vnvme("ls")).contains("held");
            vnvmesComeAndGo(daemon, vm);
        }
    }

    /** A host on NVMe/TCP loses its connection, connects again by itself, and its commands end well. */
    @Test
    void aTcpHostWaitsForTheNextDaemon() throws IOException, InterruptedException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, true, "--tcp", "127.0.0.1:" + port);
                Vm vm = Vm.builder(Lab.prepare())
                        .name("held-tcp")
                        .arguments("-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile=")
                        .start()) {
            daemon.vnvme("drive", "claim", folder.resolve("drive.img").toString(), "--size", "256M");
            daemon.vnvme("create", "d1", "--size", "64M", "--host", HOST_NQN);
            String nqn = daemon.api()
                    .read(daemon.api().get("/api/v1/vnvmes/d1"), VnvmeInfo.class)
                    .nqn();
            vm.sh("modprobe virtio_net; modprobe nvme-tcp; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up\n"
                    + "mkdir -p /etc/nvme; echo " + HOST_NQN + " >/etc/nvme/hostnqn\n"
                    + "nvme connect -t tcp -a 10.0.2.2 -s %d -n %s --hostnqn %s".formatted(port, nqn, HOST_NQN));
            await().atMost(LIMIT)
                    .until(() -> vm.run("test -b /dev/nvme0n1", LIMIT).ok());
            VerifyingLoad load = VerifyingLoad.start(vm, "nvme0n1", LOAD);
            for (int end = 0; end < 2; end++) {
                long before = daemon.serving(0);
                if (end == 0) {
                    assertThat(ProcessHandle.of(before).orElseThrow().destroyForcibly())
                            .isTrue();
                    daemon.serving(before);
                } else {
                    daemon.vnvme("upgrade");
                }
                load.goesOn();
            }
            System.out.printf("HeldGuestIT: a TCP host's longest commands %s ms%n", pausesMs(load.end()));
            assertThat(vm.sh("dmesg")).doesNotContain("I/O error", "WARNING");
        }
    }

    /** Who took over knows the VM: it can be given another drive, and be taken one that the one before gave. */
    private void vnvmesComeAndGo(DaemonUnderTest daemon, Vm vm) throws IOException, InterruptedException {
        daemon.vnvme("create", "d3", "--size", "16M");
        attach(daemon, vm, "d3", 2);
        daemon.vnvme("detach", "d2");
        await().atMost(LIMIT).until(() -> !vm.run("test -b /dev/nvme1n1", LIMIT).ok());
        daemon.vnvme("detach", "d1");
        await().atMost(LIMIT).until(() -> !vm.run("test -b /dev/nvme0n1", LIMIT).ok());
    }

    private static void attach(DaemonUnderTest daemon, Vm vm, String name, int number)
            throws IOException, InterruptedException {
        daemon.vnvme("attach", name, "--qmp", vm.qmpSocket().toString());
        await().atMost(LIMIT)
                .until(() -> vm.run("test -b /dev/nvme" + number + "n1", LIMIT).ok());
    }

    /** Those that took over 0.2 s. */
    private static List<Long> pausesMs(List<Duration> longest) {
        return longest.stream().map(Duration::toMillis).filter(ms -> ms > 200).toList();
    }
}

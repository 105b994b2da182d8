package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.seed.Seed;
import java.io.IOException;
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
    private static final int KILLS = Integer.getInteger("vnvme.kills", 3);
    private static final int KILL_SECONDS = Integer.getInteger("vnvme.killSeconds", 4);
    private static final Duration LIMIT = Duration.ofSeconds(60);

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
            startLoad(vm);
            long before = 0;
            for (int kill = 0; kill < KILLS; kill++) {
                before = daemon.serving(before);
                stillUnderLoad(vm);
                Thread.sleep(KILL_SECONDS * 1000L + random.nextInt(500));
                assertThat(ProcessHandle.of(before).orElseThrow().destroyForcibly())
                        .isTrue();
            }
            daemon.serving(before);
            stillUnderLoad(vm);
            List<Long> pausesMs = endLoad(vm);
            System.out.printf("HeldGuestIT: %d kills, longest commands %s ms%n", KILLS, pausesMs);
            assertThat(vm.sh("dmesg")).doesNotContain("I/O error", "WARNING", "completion polled", "timeout", "reset");
            assertThat(daemon.vnvme("ls")).contains("held");
            vnvmesComeAndGo(daemon, vm);
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

    private static void startLoad(Vm vm) {
        for (int drive = 0; drive < 2; drive++) {
            vm.sh("(fio --name=verify --ioengine=libaio --direct=1 --filename=/dev/nvme%1$dn1 --verify=crc32c"
                            .formatted(drive)
                    + " --verify_fatal=1 --iodepth=16 --size=16m --rw=randwrite --bsrange=4k-32k --time_based"
                    + " --runtime=36000 --write_lat_log=/tmp/lat%1$d --log_avg_msec=1000 --log_max_value=1"
                            .formatted(drive)
                    + " --output=/tmp/fio%1$d.log >/dev/null 2>&1; echo $? >/tmp/status%1$d) & sleep 1"
                            .formatted(drive));
        }
        stillUnderLoad(vm);
    }

    private static void stillUnderLoad(Vm vm) {
        for (int drive = 0; drive < 2; drive++) {
            vm.sh("! test -e /tmp/status%1$d || { cat /tmp/fio%1$d.log; exit 1; }%n".formatted(drive)
                    + "was=$(cat /sys/block/nvme%dn1/stat)%n".formatted(drive)
                    + "for i in $(seq 300); do sleep 0.1; test \"$was\" = \"$(cat /sys/block/nvme%dn1/stat)\" || exit 0; done%n"
                            .formatted(drive)
                    + "echo 'no I/O for 30 s'; dmesg | tail; exit 1");
        }
    }

    /** @return the longest of each second in which one took over 0.2 s */
    private static List<Long> endLoad(Vm vm) {
        vm.sh(
                "killall -INT fio; for i in $(seq 300); do test -e /tmp/status0 -a -e /tmp/status1 && break; sleep 0.1; done");
        for (int drive = 0; drive < 2; drive++) {
            vm.sh("grep -q 'err= 0' /tmp/fio%1$d.log || { cat /tmp/fio%1$d.log; exit 1; }".formatted(drive));
        }
        return vm.sh("cat /tmp/lat0_clat.*.log | tr -d , | awk '$2 > 200000000 {print int($2 / 1000000)}'")
                .lines()
                .map(Long::valueOf)
                .toList();
    }
}

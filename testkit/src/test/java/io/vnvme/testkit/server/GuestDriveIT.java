package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Linux's own NVMe driver, in a guest of the lab, at the other end of the socket. */
@Tag("guest")
class GuestDriveIT {
    private static final long SIZE_BYTES = 256L << 20;
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    private Path folder;

    @Test
    void driveThatIsThereAtBoot() {
        Path socket = folder.resolve("cntrl");
        try (ServedDrive drive = ServedDrive.open(socket, SIZE_BYTES, new VfioUserEndpoint.Options(false));
                Vm vm = Vm.builder(Lab.prepare()).name("boot").drive(socket).start()) {
            awaitDrive(vm);
            assertThat(vm.sh("lspci -nn")).contains("[564e:4d45]");
            assertThat(vm.sh("cat /proc/interrupts")).contains("nvme0q1");
            verified(vm);
            assertThat(drive.failures()).isEmpty();
            assertThat(drive.endpoint().connections())
                    .singleElement()
                    .satisfies(peer -> assertThat((long) peer.pid()).isEqualTo(vm.pid()));
        }
    }

    @Test
    void hotPlugAndUnplugWithMsi() {
        Path socket = folder.resolve("cntrl");
        try (ServedDrive drive = ServedDrive.open(socket, SIZE_BYTES, new VfioUserEndpoint.Options(true));
                Vm vm = Vm.builder(Lab.prepare()).name("hotplug").start()) {
            for (int round = 0; round < 2; round++) {
                vm.hotplug(socket, "d0", 0);
                awaitDrive(vm);
                verified(vm);
                vm.unplug("d0");
            }
            assertThat(vm.sh("ls /dev")).doesNotContain("nvme0n1");
            assertThat(drive.failures()).isEmpty();
            assertThat(drive.endings()).hasSize(2);
        }
    }

    @Test
    void guestWithoutSharedMemory() {
        Path socket = folder.resolve("cntrl");
        try (ServedDrive drive = ServedDrive.open(socket, SIZE_BYTES, new VfioUserEndpoint.Options(false));
                Vm vm = Vm.builder(Lab.prepare())
                        .name("unshared")
                        .sharedMemory(false)
                        .drive(socket)
                        .start()) {
            awaitDrive(vm);
            verified(vm);
            assertThat(drive.failures()).isEmpty();
        }
    }

    @Test
    void guestBehindAnIommu() {
        Path socket = folder.resolve("cntrl");
        try (ServedDrive drive = ServedDrive.open(socket, SIZE_BYTES, new VfioUserEndpoint.Options(false));
                Vm vm = Vm.builder(Lab.prepare())
                        .name("iommu")
                        .iommu(true)
                        .drive(socket)
                        .start()) {
            awaitDrive(vm);
            verified(vm);
            assertThat(drive.failures()).isEmpty();
        }
    }

    private static void awaitDrive(Vm vm) {
        vm.sh("for i in $(seq 300); do [ -b /dev/nvme0n1 ] && exit 0; sleep 0.1; done; dmesg | tail -30; exit 1");
    }

    private static void verified(Vm vm) {
        vm.sh(
                "fio --name=v --filename=/dev/nvme0n1 --rw=randwrite --bs=4k --size=8m --verify=crc32c --ioengine=libaio"
                        + " --iodepth=16 --direct=1",
                LONG);
    }
}

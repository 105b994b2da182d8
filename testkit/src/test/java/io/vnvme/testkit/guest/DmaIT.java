package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Vm;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Guests whose memory is not simply there: behind an IOMMU, or not shared at all. */
@Tag("guest")
class DmaIT {
    /** Strict mode: each I/O is a DMA_MAP, the I/O, a DMA_UNMAP. */
    @Test
    void behindAnIommu() throws InterruptedException {
        try (Engine engine = new Engine("iommu")) {
            Export export = engine.export("IOMMU1", 128, true);
            try (Vm vm = engine.vm("guest").smp("2").iommu(true).start()) {
                vm.hotplug(export.socket(), "vnvme-iommu", 0);
                GuestDrive drive = GuestDrive.await(vm, export.serial());
                assertThat(vm.sh("dmesg")).contains("DMAR-IR: Enabled IRQ remapping");
                assertThat(drive.queueCount())
                        .as("MSI with interrupt remapping has a vector per queue")
                        .isEqualTo(2);
                drive.writeAndVerify(16);
                drive.fileSystem();
                drive.discard();
                drive.resets();
                vm.unplug("vnvme-iommu");
                export.awaitDeparture();
                vm.hotplug(export.socket(), "vnvme-iommu", 0);
                drive = GuestDrive.await(vm, export.serial());
                drive.writeAndVerify(8);
                vm.startScript("reboot -f");
                vm.awaitReady(Duration.ofMinutes(2));
                GuestDrive.await(vm, export.serial()).writeAndVerify(8);
                assertThat(vm.sh("dmesg")).doesNotContain("DMAR: DRHD: handling fault", "timeout");
            }
        }
    }

    /** Every read and write of guest memory, queues included, is a message. */
    @Test
    void withoutSharedMemory() {
        try (Engine engine = new Engine("messages")) {
            Export export = engine.export("MESSAGES1", 128);
            try (Vm vm = engine.vm("guest")
                    .sharedMemory(false)
                    .drive(export.socket())
                    .start()) {
                GuestDrive drive = GuestDrive.await(vm, export.serial());
                drive.writeAndVerify(8);
                drive.fileSystem();
                drive.discard();
                drive.nvmeTool();
                drive.resets();
                vm.startScript("reboot -f");
                vm.awaitReady(Duration.ofMinutes(2));
                GuestDrive.await(vm, export.serial()).writeAndVerify(4);
            }
        }
    }
}

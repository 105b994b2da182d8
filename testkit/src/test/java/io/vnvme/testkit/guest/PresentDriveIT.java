package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Vm;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A guest that finds its drive when it starts, as after any restart of a VM. */
@Tag("guest")
class PresentDriveIT {
    @Test
    void everythingThatAUserDoesWithADrive() {
        try (Engine engine = new Engine("present")) {
            Export export = engine.export("PRESENT1", 256);
            try (Vm vm = engine.vm("guest").smp("2").drive(export.socket()).start()) {

                GuestDrive drive = GuestDrive.await(vm, export.serial());
                assertThat(vm.sh("lspci -nn")).contains("Non-Volatile memory controller [0108]");
                assertThat(vm.sh("lspci -vvv -d ::0108")).contains("MSI-X: Enable+", "NVM Express", "Express");
                assertThat(vm.sh("blockdev --getsize64 " + drive.block())).isEqualTo(String.valueOf(256L << 20));
                assertThat(drive.queueCount()).isEqualTo(2);
                drive.writeAndVerify(64);
                drive.fileSystem();
                drive.discard();
                drive.nvmeTool();
                drive.resets();

                drive.fill(32, "before-the-reboot");
                vm.startScript("reboot -f");
                vm.awaitReady(Duration.ofMinutes(2));
                drive = GuestDrive.await(vm, export.serial());
                drive.holds(32, "before-the-reboot");
                vm.reset();
                drive = GuestDrive.await(vm, export.serial());
                drive.holds(32, "before-the-reboot");
                drive.writeAndVerify(16);
                // "Fast TSC calibration failed": of the guest's clock, on a busy host.
                assertThat(vm.sh("dmesg | grep -v 'tsc: '"))
                        .doesNotContain("nvme nvme0: I/O", "timeout", "failed", "WARNING");
            }
        }
    }
}

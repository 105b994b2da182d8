package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Accel;
import io.vnvme.testkit.lab.Firmware;
import io.vnvme.testkit.lab.Vm;
import java.io.IOException;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Guests that the firmware starts from a vNVMe by an NVMe driver of its own: boot loader, kernel and initial RAM disk come from
 * it.
 *
 * <p>A BIOS loads one boot sector over the other, where the first has just run. QEMU's emulation keeps its translation of the first
 * when another process writes the memory, and runs that again; QEMU's own writes it sees. So this guest's transfers go through
 * QEMU unless a real processor runs it.
 */
@Tag("guest")
class BootIT {
    @ParameterizedTest
    @EnumSource(names = {"SEABIOS", "OVMF"})
    void startsFromTheDrive(Firmware firmware) throws IOException, NoSuchAlgorithmException {
        try (Engine engine = new Engine("boot-" + firmware)) {
            byte[] image = Files.readAllBytes(engine.lab().bootImage());
            Export export = engine.export("BOOT1", 128);
            export.load(engine.lab().bootImage());
            try (Vm vm = engine.vm("guest")
                    .firmware(firmware)
                    .sharedMemory(firmware != Firmware.SEABIOS || engine.lab().accel() == Accel.KVM)
                    .drive(export.socket())
                    .bootFromDrive()
                    .start()) {
                check(vm, export, firmware);
                String sum = HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(image));
                assertThat(vm.sh(
                                "dd if=" + GuestDrive.await(vm, export.serial()).block() + " bs=512 count="
                                        + image.length / 512 + " 2>/dev/null | sha256sum"))
                        .startsWith(sum);
                vm.startScript("reboot -f");
                vm.awaitReady(Duration.ofMinutes(3));
                check(vm, export, firmware);
            }
        }
    }

    private static void check(Vm vm, Export export, Firmware firmware) {
        assertThat(vm.sh("cat /proc/cmdline")).contains("lab.boot=image");
        assertThat(vm.run("test -d /sys/firmware/efi", Duration.ofSeconds(30)).ok())
                .isEqualTo(firmware == Firmware.OVMF);
        GuestDrive drive = GuestDrive.await(vm, export.serial());
        drive.sh("dd if=/dev/urandom of=/tmp/data bs=64k count=64 2>/dev/null;"
                + " dd if=/tmp/data of=$dev bs=64k seek=1600 oflag=direct 2>/dev/null && sync;"
                + " echo 3 >/proc/sys/vm/drop_caches;"
                + " dd if=$dev bs=64k skip=1600 count=64 iflag=direct 2>/dev/null | cmp - /tmp/data");
    }
}

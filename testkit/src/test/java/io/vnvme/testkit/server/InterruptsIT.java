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

/** Linux's NVMe driver with each of the three kinds of interrupt. */
@Tag("guest")
class InterruptsIT {
    private static final long SIZE_BYTES = 128L << 20;
    private static final Duration LONG = Duration.ofMinutes(2);

    @TempDir
    private Path folder;

    @Test
    void messagesWithATable() {
        assertThat(interruptsOf(false, ""))
                .contains("nvme0q0")
                .contains("nvme0q2")
                .contains("MSIX");
    }

    @Test
    void messagesWithoutATable() {
        assertThat(interruptsOf(true, "")).contains("nvme0q0").containsPattern("MSI-0000|PCI-MSI");
    }

    @Test
    void aLevel() {
        assertThat(interruptsOf(false, " pci=nomsi"))
                .containsPattern("IO-APIC.*nvme0q0")
                .doesNotContain("MSIX");
    }

    /** What /proc/interrupts says of the drive after verified I/O on two CPUs. */
    private String interruptsOf(boolean msi, String kernelWords) {
        Path socket = folder.resolve("cntrl");
        try (ServedDrive drive = ServedDrive.open(socket, SIZE_BYTES, new VfioUserEndpoint.Options(msi));
                Vm vm = Vm.builder(Lab.prepare())
                        .name("interrupts")
                        .smp("2")
                        .kernelWords(kernelWords)
                        .drive(socket)
                        .start()) {
            vm.sh("for i in $(seq 300); do [ -b /dev/nvme0n1 ] && exit 0; sleep 0.1; done; dmesg | tail -30; exit 1");
            vm.sh(
                    "fio --name=v --filename=/dev/nvme0n1 --rw=randwrite --bs=4k --size=8m --verify=crc32c"
                            + " --ioengine=libaio --iodepth=16 --direct=1",
                    LONG);
            assertThat(vm.sh("dmesg")).doesNotContain("completion polled").doesNotContain("timeout");
            assertThat(vm.sh("lspci -nn")).contains("[564e:4d45]");
            assertThat(drive.failures()).isEmpty();
            assertThat(drive.endpoint().connections())
                    .singleElement()
                    .satisfies(peer -> assertThat((long) peer.pid()).isEqualTo(vm.pid()));
            return vm.sh("grep nvme /proc/interrupts");
        }
    }
}

package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Vm;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A guest with 32 processors, each with a queue pair and an interrupt vector of its own. */
@Tag("guest")
class ManyQueuesIT {
    @Test
    void aQueuePerProcessor() {
        try (Engine engine = new Engine("queues")) {
            Export export = engine.export("QUEUES1", 128);
            try (Vm vm = engine.vm("guest")
                    .smp("32")
                    .memoryMiB(1024)
                    .drive(export.socket())
                    .start()) {
                GuestDrive drive = GuestDrive.await(vm, export.serial());
                assertThat(drive.queueCount()).isEqualTo(32);
                // Each processor in turn, so that each queue carries I/O and raises its own vector.
                drive.sh("""
                        for cpu in $(seq 0 31); do
                          taskset $(printf %x $((1 << cpu))) dd if=$dev of=/dev/null bs=4k count=8 skip=$((cpu * 8)) iflag=direct \
                            2>/dev/null || exit 1
                        done
                        used=$(awk '/nvme0q/ { n = 0; for (i = 2; i <= 33; i++) n += $i; if (n) used++ } END { print used }' \
                          /proc/interrupts)
                        test $used = 33 || { grep nvme /proc/interrupts; exit 1; }""");
                drive.writeAndVerify(16);
                drive.resets();
                assertThat(drive.queueCount()).isEqualTo(32);
            }
        }
    }
}

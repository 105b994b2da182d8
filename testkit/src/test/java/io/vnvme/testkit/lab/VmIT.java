package io.vnvme.testkit.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("guest")
class VmIT {
    @Test
    void startsTakesCommandsRestartsAndEnds() {
        Lab lab = Lab.prepare();
        Path logs = Path.of("target", "lab", "smoke");
        Vm vm = Vm.builder(lab).name("smoke").keepLogsIn(logs).start();
        try (vm) {
            assertThat(vm.sh("uname -r")).contains("cloud-amd64");
            assertThat(vm.run("echo first; echo second >&2; exit 7", Duration.ofSeconds(20)))
                    .isEqualTo(new Result(7, "first\nsecond"));
            assertThat(
                            vm.sh(
                                    "for t in fio nvme lspci lsblk mkfs.ext4 fsck.ext4 blkdiscard; do which $t || exit 1; done"))
                    .contains("/fio");
            assertThat(vm.sh("modprobe -a null_blk virtio_blk xfs && lsblk -dno NAME /dev/nullb0"))
                    .isEqualTo("nullb0");
            assertThat(vm.qmp().execute("query-status", Map.of())).asString().contains("running");
            vm.sh("touch /tmp/before");
            vm.reset();
            assertThat(vm.run("test -e /tmp/before", Duration.ofSeconds(20)).ok())
                    .isFalse();
            vm.startScript("reboot -f");
            vm.awaitReady(Duration.ofMinutes(2));
            assertThat(vm.qmpSocket()).exists();
        }
        assertThat(vm.alive()).isFalse();
        assertThat(logs.resolve("console.log")).exists();
        assertThat(Files.exists(vm.qmpSocket())).isFalse();
    }
}

package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of the guides, done one after the other as somebody would who reads them in this order. */
@Tag("guest")
class DocumentsIT {
    @TempDir
    Path folder;

    @Test
    void whoFollowsTheGuidesGetsWhatTheySay() throws IOException, InterruptedException {
        try (DaemonUnderTest daemon = new DaemonUnderTest(folder);
                Vm vm = Vm.builder(Lab.prepare()).name("vm1").rootPorts(2).start()) {
            // What the guides name, and what it is here: a drive's file gets the size that a real one has by itself.
            Map<String, List<String>> here = Map.of(
                    "/dev/nvme1n1",
                    List.of(folder.resolve("nvme1n1").toString(), "--size", "1G"),
                    "/run/vm1.qmp",
                    List.of(vm.qmpSocket().toString()));
            follow("quick-start.md", daemon, here);
            assertThat(daemon.vnvme("ls", "--snapshots")).contains("disk1", "disk2", "disk1@before-upgrade");
            follow("tuning.md", daemon, here);
            for (String done : List.of("disk1", "disk2", "disk1@before-upgrade")) {
                daemon.vnvme("rm", done);
            }
            daemon.vnvme("create", "d1", "--size", "1G");
            daemon.vnvme("create", "d2", "--size", "1G");
            follow("hypervisors/qemu.md", daemon, here);
            assertThat(daemon.vnvme("vm", "show", "vm1")).contains("d2");
            daemon.vnvme("detach", "d2");
            daemon.vnvme("rm", "d1");
            daemon.vnvme("rm", "d2");
            follow("faq.md", daemon, here);
            assertThat(daemon.vnvme("drive", "ls")).doesNotContain("nvme1n1");
            assertThat(daemon.vnvme("audit"))
                    .contains("POST /api/v1/vnvmes/disk1/attach", "DELETE /api/v1/pools/pool0");
        }
    }

    private static void follow(String document, DaemonUnderTest daemon, Map<String, List<String>> here)
            throws IOException, InterruptedException {
        new Guide(document, daemon).follow("", here);
    }
}

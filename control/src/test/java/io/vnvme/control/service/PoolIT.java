package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system of a Linux guest on a thin volume: kept under load, cloned, trimmed and grown. */
@Tag("guest")
class PoolIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Services services;

    @BeforeEach
    void start() {
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofMillis(200)),
                EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy())));
        services.drives().claim(ClaimDrive.of(folder.resolve("drive.img").toString(), 512 * MIB, null, false));
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private void attach(String name, Vm vm) {
        services.vnvmes().attach(name, AttachVnvme.toSocket(vm.qmpSocket().toString(), false, null));
        await().atMost(LIMIT).until(() -> vm.sh("ls /dev").contains("nvme0n1"));
    }

    private long used(String name) {
        return requireNonNull(services.vnvmes().show(name).usedBytes());
    }

    @Test
    void aFileSystemIsKeptClonedTrimmedAndGrown() {
        services.vnvmes().create(CreateVnvme.thin("disk", 256 * MIB));
        try (Vm one = Vm.builder(Lab.prepare()).name("one").rootPorts(1).start();
                Vm two = Vm.builder(Lab.prepare()).name("two").rootPorts(1).start()) {
            attach("disk", one);
            one.sh("mkfs.ext4 -q /dev/nvme0n1 && mkdir -p /mnt && mount -t ext4 /dev/nvme0n1 /mnt");
            one.sh("echo kept > /mnt/before && sync");
            one.sh("(while true; do dd if=/dev/urandom of=/mnt/load bs=64k count=160 conv=fsync; done)"
                    + " >/dev/null 2>&1 & echo $! > /tmp/load");
            await().atMost(LIMIT).until(() -> used("disk") > 4 * MIB);
            services.snapshots().take("disk", "under-load");
            one.sh("echo later > /mnt/after && sync");
            services.vnvmes().cloneOf(new CloneSnapshot("disk@under-load", "copy", false));
            attach("copy", two);
            // The journal of a file system that was in use is replayed by mounting it; then it is whole.
            two.sh("mkdir -p /mnt && mount -t ext4 /dev/nvme0n1 /mnt");
            assertThat(two.sh("cat /mnt/before")).startsWith("kept");
            assertThat(two.sh("ls /mnt")).doesNotContain("after");
            two.sh("umount /mnt && e2fsck -fn /dev/nvme0n1");
            one.sh("kill $(cat /tmp/load); sleep 1; rm -f /mnt/load && sync");
            long before = used("disk");
            one.sh("fstrim /mnt");
            await().atMost(LIMIT).until(() -> used("disk") < before - 4 * MIB);
            services.vnvmes().resize("disk", new ResizeVnvme(384 * MIB, false));
            await().atMost(LIMIT)
                    .until(() -> one.sh("cat /sys/block/nvme0n1/size").strip().equals("786432"));
            one.sh("resize2fs /dev/nvme0n1");
            assertThat(one.sh("df -m /mnt | tail -1 | awk '{print ($2 > 300)}'"))
                    .startsWith("1");
            assertThat(one.sh("cat /mnt/before")).startsWith("kept");
            one.sh("umount /mnt && e2fsck -fn /dev/nvme0n1");
        }
        assertThat(services.jobs()
                        .show(services.pools().scrub("pool0").id(), LIMIT)
                        .state())
                .isEqualTo("done");
    }
}

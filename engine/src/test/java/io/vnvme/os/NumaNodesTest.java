package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against folders laid out as the kernel's. */
final class NumaNodesTest {
    @TempDir
    Path sysfs;

    private void node(int node, String cpus) throws IOException {
        Path folder = Files.createDirectories(sysfs.resolve("devices/system/node/node" + node));
        Files.writeString(folder.resolve("cpulist"), cpus + "\n");
    }

    /** A disk with a partition behind a function at a node, as /sys/dev/block leads to it. */
    private void disk(String function, int node, int major) throws IOException {
        Path pci = Files.createDirectories(sysfs.resolve("devices/pci0000:00").resolve(function));
        Files.writeString(pci.resolve("numa_node"), node + "\n");
        Path disk = Files.createDirectories(pci.resolve("nvme/nvme0/nvme0n1"));
        Path partition = Files.createDirectories(disk.resolve("nvme0n1p1"));
        Path links = Files.createDirectories(sysfs.resolve("dev/block"));
        Files.createSymbolicLink(links.resolve(major + ":0"), disk);
        Files.createSymbolicLink(links.resolve(major + ":1"), partition);
    }

    @Test
    void processorsAndDisksHaveNodes() throws IOException {
        node(0, "0-3,8-11");
        node(1, "4-7,12-15");
        disk("0000:01:00.0", 1, 259);
        disk("0000:02:00.0", -1, 260);
        NumaNodes nodes = NumaNodes.read(sysfs);
        assertThat(nodes.several()).isTrue();
        assertThat(nodes.ofCpu(3)).hasValue(0);
        assertThat(nodes.ofCpu(12)).hasValue(1);
        assertThat(nodes.ofCpu(16)).isEmpty();
        assertThat(nodes.ofBlockDevice(259, 0)).hasValue(1);
        assertThat(nodes.ofBlockDevice(259, 1)).hasValue(1);
        assertThat(nodes.ofBlockDevice(260, 0)).as("at no node in particular").isEmpty();
        assertThat(nodes.ofBlockDevice(7, 7)).as("no such device").isEmpty();
    }

    @Test
    void oneNodeMakesNoDifference() throws IOException {
        node(0, "0-3");
        disk("0000:01:00.0", 0, 259);
        NumaNodes nodes = NumaNodes.read(sysfs);
        assertThat(nodes.several()).isFalse();
        assertThat(nodes.ofCpu(0)).isEmpty();
        assertThat(nodes.ofBlockDevice(259, 0)).isEmpty();
    }

    @Test
    void aNodeWithoutProcessorsIsOne() throws IOException {
        node(0, "0-3");
        node(1, "");
        assertThat(NumaNodes.read(sysfs).several()).isTrue();
    }

    @Test
    void aMachineThatSaysNothingHasOne() {
        assertThat(NumaNodes.read(sysfs.resolve("nowhere")).several()).isFalse();
    }
}

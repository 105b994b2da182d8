package io.vnvme.os;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Which node - processors with memory and devices of their own - each processor and each block device belongs to. */
public final class NumaNodes {
    private static final Path SYSFS = Path.of("/sys");

    private final Path sysfs;
    private final Map<Integer, Integer> nodeOfCpu = new HashMap<>();
    private int count;

    private NumaNodes(Path sysfs) {
        this.sysfs = sysfs;
    }

    /** Those of this machine. */
    public static NumaNodes ofMachine() {
        return read(SYSFS);
    }

    /**
     * What a sysfs says; a machine that says nothing has one node.
     *
     * @param sysfs where it is mounted
     */
    public static NumaNodes read(Path sysfs) {
        NumaNodes nodes = new NumaNodes(sysfs);
        try (DirectoryStream<Path> folders =
                Files.newDirectoryStream(sysfs.resolve("devices/system/node"), "node[0-9]*")) {
            for (Path folder : folders) {
                nodes.add(folder);
            }
        } catch (IOException e) {
            nodes.nodeOfCpu.clear();
            nodes.count = 0;
        }
        return nodes;
    }

    private void add(Path folder) throws IOException {
        int node = Integer.parseInt(String.valueOf(folder.getFileName()).substring("node".length()));
        for (int cpu : CpuList.parse(Files.readString(folder.resolve("cpulist")))) {
            nodeOfCpu.put(cpu, node);
        }
        count++;
    }

    /** Whether it makes a difference where something is. */
    public boolean several() {
        return count > 1;
    }

    /** The node of a processor; nothing when it is not known, or there is one node only. */
    public OptionalInt ofCpu(int cpu) {
        Integer node = nodeOfCpu.get(cpu);
        return several() && node != null ? OptionalInt.of(node) : OptionalInt.empty();
    }

    /** The node that a block device is at; nothing when it is at none in particular, or there is one node only. */
    public OptionalInt ofBlockDevice(int major, int minor) {
        if (!several()) {
            return OptionalInt.empty();
        }
        try {
            // A partition is below its disk, a disk below its controller, and that below the function which has a node.
            for (Path at = sysfs.resolve("dev/block/%d:%d".formatted(major, minor))
                            .toRealPath();
                    at != null && at.startsWith(sysfs.toRealPath());
                    at = at.getParent()) {
                Integer node = node(at);
                if (node != null) {
                    return node < 0 ? OptionalInt.empty() : OptionalInt.of(node);
                }
            }
        } catch (IOException | NumberFormatException e) {
            // No such device any more, or one that the kernel says nothing of: it is as far from everybody.
            return OptionalInt.empty();
        }
        return OptionalInt.empty();
    }

    private static @Nullable Integer node(Path device) throws IOException {
        Path file = device.resolve("numa_node");
        return Files.isRegularFile(file)
                ? Integer.valueOf(Files.readString(file).strip())
                : null;
    }
}

package io.vnvme.drive.claim;

import io.vnvme.os.NativeException;
import io.vnvme.os.Stat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What sysfs says of a block device. Devices come and go while it is read: what is not there any more is left out. */
final class DeviceTree {
    private DeviceTree() {}

    /** The directory of a device or partition. */
    static Path of(Stat stat) {
        Path link = Path.of("/sys/dev/block", stat.deviceItselfMajor() + ":" + stat.deviceItselfMinor());
        try {
            return link.toRealPath();
        } catch (IOException e) {
            return link;
        }
    }

    static String name(Path device) {
        return String.valueOf(device.getFileName());
    }

    /** The directories of its partitions. */
    static List<Path> partitions(Path device) {
        return entries(device).stream()
                .filter(entry -> Files.exists(entry.resolve("partition")))
                .toList();
    }

    /** Names of the devices built on it. */
    static List<String> holders(Path device) {
        return entries(device.resolve("holders")).stream().map(DeviceTree::name).toList();
    }

    /** The number of a device as the kernel writes it, {@code major:minor}. */
    static Optional<String> number(Path device) {
        return text(device.resolve("dev"));
    }

    /** Of a disk or of the disk of a partition: the first of the given files that is there. */
    static Optional<String> attribute(Path device, String... names) {
        for (String name : names) {
            Optional<String> found = text(device.resolve(name))
                    .or(() -> text(device.resolve("..").resolve(name)));
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** The loop devices over a file. */
    static List<String> loopsOver(Path file) {
        List<String> loops = new ArrayList<>();
        for (Path device : entries(Path.of("/sys/block"))) {
            Optional<String> backing = text(device.resolve("loop/backing_file"));
            if (backing.isPresent() && same(Path.of(backing.get()), file)) {
                loops.add(name(device));
            }
        }
        return loops;
    }

    /** The links under /dev/disk/by-id that lead to a device. */
    static List<Path> byId(Stat device) {
        return entries(Path.of("/dev/disk/by-id")).stream()
                .filter(link -> {
                    try {
                        return Stat.following(link).sameDeviceOrFile(device);
                    } catch (NativeException e) {
                        return false;
                    }
                })
                .toList();
    }

    /** Whether two paths lead to the same device or file; false when one of them leads nowhere. */
    static boolean same(Path one, Path other) {
        try {
            return Stat.following(one).sameDeviceOrFile(Stat.following(other));
        } catch (NativeException e) {
            return false;
        }
    }

    static List<Path> entries(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static Optional<String> text(Path file) {
        try {
            // Some firmware pads its texts with whatever was in memory.
            String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
            String printable = text.replaceAll("[^\\x20-\\x7e]", " ").strip();
            return printable.isEmpty() ? Optional.empty() : Optional.of(printable);
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}

package io.vnvme.control.plane;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Who has a block device, or a part of it: mounts, swap, partitions, and devices that the kernel builds on it. */
final class BlockDeviceUses {
    private static final Path SYSFS = Path.of("/sys/class/block");

    private BlockDeviceUses() {}

    /** Why a device is not to be taken; empty when nobody has it. */
    static List<String> of(Path path) {
        List<String> uses = new ArrayList<>();
        Path device;
        try {
            device = path.toRealPath();
        } catch (IOException e) {
            return List.of();
        }
        Path name = device.getFileName();
        Path folder = SYSFS.resolve(String.valueOf(name));
        List<Path> parts = children(folder, entry -> Files.exists(entry.resolve("partition")));
        Set<String> devices = parts.stream().map(p -> "/dev/" + p.getFileName()).collect(Collectors.toSet());
        devices.add(device.toString());
        mounts(devices, uses);
        for (Path one : Stream.concat(Stream.of(folder), parts.stream()).toList()) {
            children(one.resolve("holders"), _ -> true)
                    .forEach(holder ->
                            uses.add("/dev/%s is part of %s".formatted(one.getFileName(), holder.getFileName())));
        }
        if (uses.isEmpty() && !parts.isEmpty()) {
            uses.add("it has partitions (%s): claim one of them, or remove them"
                    .formatted(devices.stream()
                            .filter(d -> !d.equals(device.toString()))
                            .sorted()
                            .collect(Collectors.joining(", "))));
        }
        return uses;
    }

    private static void mounts(Set<String> devices, List<String> uses) {
        lines(Path.of("/proc/mounts")).forEach(fields -> {
            if (fields.length > 1 && devices.contains(real(fields[0]))) {
                uses.add("%s is mounted on %s".formatted(fields[0], fields[1]));
            }
        });
        lines(Path.of("/proc/swaps")).forEach(fields -> {
            if (devices.contains(real(fields[0]))) {
                uses.add("%s is swap space in use".formatted(fields[0]));
            }
        });
    }

    private static String real(String path) {
        try {
            return path.startsWith("/") ? Path.of(path).toRealPath().toString() : path;
        } catch (IOException e) {
            return path;
        }
    }

    private static Stream<String[]> lines(Path file) {
        try {
            return Files.readAllLines(file).stream().map(line -> line.split("\\s+"));
        } catch (IOException e) {
            return Stream.empty();
        }
    }

    private static List<Path> children(Path folder, Predicate<Path> condition) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(condition).toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}

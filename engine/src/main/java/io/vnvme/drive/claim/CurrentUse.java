package io.vnvme.drive.claim;

import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.OpenFile;
import io.vnvme.os.Stat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Who uses a device or file at the moment: each use in a few words for people. */
final class CurrentUse {
    private final Path path;
    private final List<String> uses = new ArrayList<>();

    private CurrentUse(Path path) {
        this.path = path;
    }

    static List<String> of(Path path, Stat stat) {
        CurrentUse use = new CurrentUse(path);
        if (stat.isBlockDevice()) {
            use.device(DeviceTree.of(stat));
        } else {
            DeviceTree.loopsOver(path).forEach(loop -> use.uses.add("backs /dev/" + loop));
            use.swap(path, "");
            use.locked();
        }
        return use.uses;
    }

    private void device(Path device) {
        one(device, "");
        for (Path partition : DeviceTree.partitions(device)) {
            one(partition, "its partition " + DeviceTree.name(partition) + " ");
        }
        if (uses.isEmpty()) {
            claimed();
        }
    }

    private void one(Path device, String who) {
        Path node = Path.of("/dev", DeviceTree.name(device));
        DeviceTree.number(device).ifPresent(number -> mounts(number, node, who));
        swap(node, who);
        for (String holder : DeviceTree.holders(device)) {
            uses.add(who + "is part of /dev/" + holder);
        }
    }

    /** /proc/self/mountinfo (proc(5)): a file system of several devices shows one of them as its source only. */
    private void mounts(String number, Path node, String who) {
        for (String line : lines(Path.of("/proc/self/mountinfo"))) {
            String[] fields = line.split(" ", -1);
            int separator = List.of(fields).indexOf("-");
            if (fields.length < 6 || separator < 0 || separator + 2 >= fields.length) {
                continue;
            }
            String source = unescaped(fields[separator + 2]);
            if (fields[2].equals(number) || (source.startsWith("/dev/") && DeviceTree.same(Path.of(source), node))) {
                uses.add(who + "is mounted at " + unescaped(fields[4]));
                return;
            }
        }
    }

    private void swap(Path node, String who) {
        for (String line : lines(Path.of("/proc/swaps"))) {
            String[] fields = line.split("\\s+", -1);
            if (fields[0].startsWith("/") && DeviceTree.same(Path.of(unescaped(fields[0])), node)) {
                uses.add(who + "is used as swap");
            }
        }
    }

    /** Whatever else the kernel knows of: a claim by another process, a mount that this one cannot see. */
    private void claimed() {
        try {
            OpenFile.open(path, OpenFile.READ_ONLY | OpenFile.EXCLUSIVE).close();
        } catch (NativeException e) {
            if (e.errno() != Errno.EBUSY) {
                throw e;
            }
            uses.add("is claimed by another program");
        }
    }

    private void locked() {
        try (Fd fd = OpenFile.open(path, OpenFile.READ_WRITE)) {
            if (OpenFile.lock(fd)) {
                OpenFile.unlock(fd);
            } else {
                uses.add("is locked by another program");
            }
        } catch (NativeException e) {
            // That it cannot be written is not a use; opening it for the claim will say so.
            if (e.errno() != Errno.EACCES && e.errno() != Errno.EROFS && e.errno() != Errno.EPERM) {
                throw e;
            }
        }
    }

    /** Blanks and such are written as octal numbers. */
    private static String unescaped(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && i + 3 < text.length()) {
                plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                plain.append(text.charAt(i));
            }
        }
        return plain.toString();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }
}

package io.vnvme.drive.claim;

import io.vnvme.os.BlockDevice;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.OpenFile;
import io.vnvme.os.Stat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Finds drives by who they are, wherever they are plugged in now.
 *
 * <p>Blocking code for control threads: it opens every candidate and reads its first block, and its last when the first
 * says nothing.
 */
public final class DriveFinder {
    private static final int BLOCK_BYTES = 4096;

    private final Function<MemorySegment, Optional<UUID>> identity;

    /**
     * A drive that was found.
     *
     * @param problem why a candidate could not be looked at; empty for one that could
     */
    public record Found(Path path, Optional<UUID> drive, Optional<String> problem) {}

    /** @param identity reads who a drive is from its first or last 4096 bytes, native memory */
    public DriveFinder(Function<MemorySegment, Optional<UUID>> identity) {
        this.identity = identity;
    }

    /** The block devices of this host that have a size, partitions among them, by their names in /dev. */
    public static List<Path> blockDevices() {
        List<Path> devices = new ArrayList<>();
        for (Path entry : DeviceTree.entries(Path.of("/sys/class/block"))) {
            if (!DeviceTree.attribute(entry, "size").orElse("0").equals("0")) {
                devices.add(Path.of("/dev", DeviceTree.name(entry).replace('!', '/')));
            }
        }
        return devices;
    }

    /** What is at each of the candidates, in their order; a path that leads nowhere is left out. */
    public List<Found> look(Collection<Path> candidates) {
        List<Found> all = new ArrayList<>();
        for (Path path : candidates) {
            try {
                all.add(new Found(path, at(path), Optional.empty()));
            } catch (NativeException e) {
                if (e.errno() != Errno.ENOENT) {
                    all.add(new Found(path, Optional.empty(), Optional.of(String.valueOf(e.getMessage()))));
                }
            }
        }
        return all;
    }

    /**
     * Where drives are.
     *
     * @throws IllegalStateException when two different devices say they are the same drive: one is a copy, and nobody can
     *     tell which
     */
    public Map<UUID, Path> find(Collection<Path> candidates) {
        Map<UUID, Path> paths = new LinkedHashMap<>();
        for (Found found : look(candidates)) {
            found.drive().ifPresent(drive -> {
                Path other = paths.putIfAbsent(drive, found.path());
                if (other != null && !DeviceTree.same(other, found.path())) {
                    throw new IllegalStateException("%s and %s both say that they are drive %s: one is a copy"
                            .formatted(other, found.path(), drive));
                }
            });
        }
        return paths;
    }

    private Optional<UUID> at(Path path) {
        Stat stat = Stat.following(path);
        if (!stat.isBlockDevice() && !stat.isRegularFile()) {
            return Optional.empty();
        }
        try (Fd fd = OpenFile.open(path, OpenFile.READ_ONLY);
                Arena arena = Arena.ofConfined()) {
            long size = stat.isBlockDevice() ? BlockDevice.sizeBytes(fd) : stat.sizeBytes();
            MemorySegment block = arena.allocate(BLOCK_BYTES, BLOCK_BYTES);
            return read(fd, 0, block).or(() -> read(fd, (size & -BLOCK_BYTES) - BLOCK_BYTES, block));
        }
    }

    private Optional<UUID> read(Fd fd, long offset, MemorySegment block) {
        return offset >= 0 && OpenFile.read(fd, offset, block) == BLOCK_BYTES
                ? identity.apply(block)
                : Optional.empty();
    }
}

package io.vnvme.drive.claim;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.os.BlockDevice;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.OpenFile;
import io.vnvme.os.Stat;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a device or file is, before anything is done to it. Reading it changes nothing.
 *
 * @param path as asked for
 * @param device whether it is a block device, not a regular file
 * @param sizeBytes of the whole of it
 * @param readOnly whether the device refuses writes
 * @param uses who uses it at the moment, each as the end of a sentence such as {@code is mounted at /srv}: no claim
 * @param contents what a claim would destroy
 * @param blank whether its first 2 MiB and last 1 MiB are zeros: when it is not and there are no contents, it holds
 *     something of an unknown kind
 * @param hardware who the device is to people
 */
public record DriveIdentification(
        Path path,
        boolean device,
        long sizeBytes,
        boolean readOnly,
        List<String> uses,
        List<Content> contents,
        boolean blank,
        Hardware hardware) {
    /**
     * What the maker wrote on a device; empty for files.
     *
     * @param byId links under /dev/disk/by-id, which outlive reboots
     */
    public record Hardware(Optional<String> model, Optional<String> serial, Optional<String> wwid, List<Path> byId) {}

    private static final int BLOCK_BYTES = 4096;

    /**
     * Looks at a device or file.
     *
     * @param ours how to recognize what this daemon writes
     * @throws NativeException ENOENT, EACCES, EIO
     * @throws IllegalArgumentException when it is neither a block device nor a regular file
     */
    public static DriveIdentification of(Path path, List<OwnFormat> ours) {
        Stat stat = Stat.following(path);
        if (!stat.isBlockDevice() && !stat.isRegularFile()) {
            throw new IllegalArgumentException(path + " is neither a file nor a block device");
        }
        List<String> uses = CurrentUse.of(path, stat);
        try (Fd fd = OpenFile.open(path, OpenFile.READ_ONLY);
                Arena arena = Arena.ofConfined()) {
            boolean device = stat.isBlockDevice();
            long size = device ? BlockDevice.sizeBytes(fd) : stat.sizeBytes();
            Media media = Media.read(fd, size, arena);
            return new DriveIdentification(
                    path,
                    device,
                    size,
                    device && BlockDevice.readOnly(fd),
                    List.copyOf(uses),
                    contents(media, ours, arena),
                    media.blank(),
                    device
                            ? hardware(stat)
                            : new Hardware(Optional.empty(), Optional.empty(), Optional.empty(), List.of()));
        }
    }

    /**
     * What a claim of a drive that is neither a file nor a device of this host would destroy, one line each; empty when its first 2
     * MiB and last 1 MiB are zeros.
     *
     * @param ours how to recognize what this daemon writes
     */
    public static List<Content> contents(BlockingDrive drive, List<OwnFormat> ours) {
        try (Arena arena = Arena.ofConfined()) {
            Media media = Media.read(drive, arena);
            List<Content> found = contents(media, ours, arena);
            return found.isEmpty() && !media.blank() ? List.of(Content.UNKNOWN) : found;
        }
    }

    private static List<Content> contents(Media media, List<OwnFormat> ours, Arena arena) {
        List<Content> found = new ArrayList<>();
        long last = (media.sizeBytes() & -BLOCK_BYTES) - BLOCK_BYTES;
        for (OwnFormat format : ours) {
            format.recognize(media.block(0, BLOCK_BYTES, arena))
                    .or(() -> format.recognize(media.block(last, BLOCK_BYTES, arena)))
                    .ifPresent(found::add);
        }
        Stream.concat(Containers.ALL.stream(), FileSystems.ALL.stream())
                .forEach(signature -> signature.find(media).ifPresent(found::add));
        return List.copyOf(found);
    }

    private static Hardware hardware(Stat stat) {
        Path device = DeviceTree.of(stat);
        return new Hardware(
                DeviceTree.attribute(device, "device/model"),
                DeviceTree.attribute(device, "device/serial", "serial", "device/vpd_pg80"),
                DeviceTree.attribute(device, "wwid", "device/wwid"),
                DeviceTree.byId(stat));
    }

    /** Whether somebody uses it: then it is not to be claimed, whatever is on it. */
    public boolean inUse() {
        return !uses.isEmpty();
    }

    /** Whether a claim would destroy something. */
    public boolean holdsData() {
        return !contents.isEmpty() || !blank;
    }

    /**
     * In one line why it is not just claimed, such as {@code /dev/sdb is mounted at /srv} or {@code /dev/sdb holds an ext4
     * filesystem 'data'}; empty when there is no reason.
     */
    public Optional<String> objection() {
        if (inUse()) {
            return Optional.of(path + " " + String.join(", ", uses));
        }
        if (!contents.isEmpty()) {
            return Optional.of(path + " holds: "
                    + String.join(
                            ", ", contents.stream().map(Content::description).toList()));
        }
        return blank ? Optional.empty() : Optional.of(path + " holds data of a kind that is not known");
    }
}

package io.vnvme.control.service;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DriveSource;
import io.vnvme.control.plane.RemoteAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a person wrote to name a drive: {@code ram0}, {@code ram:512M}, {@code null:1T}, {@code /dev/nvme1n1}, {@code /srv/pool.img},
 * {@code nvme-tcp://192.0.2.1/nqn...}.
 *
 * @param name what it is to be called unless another name is given
 */
record DriveSpec(DriveSource source, String name) {
    private static final long MIB = 1 << 20;
    /** Below this, metadata would take most of it. */
    static final long SIZE_MIN = 16 * MIB;

    private static final String RAM = "ram:";
    private static final String NULL = "null:";

    /** Whether a text names a drive in memory by its size. */
    static boolean inMemory(String spec) {
        return spec.startsWith(RAM) || spec.startsWith(NULL);
    }

    static boolean isRemote(String spec) {
        return spec.startsWith(RemoteAddress.SCHEME);
    }

    /**
     * @param sizeBytes of a file that is to be made
     * @throws ProblemException when it makes no sense
     */
    static DriveSpec parse(String spec, @Nullable Long sizeBytes) {
        if (spec.startsWith(RAM)) {
            refuseSize(sizeBytes, "the size of a RAM drive stands behind 'ram:'");
            return new DriveSpec(DriveSource.ram(memorySize(spec.substring(RAM.length()))), "ram");
        }
        if (spec.startsWith(NULL)) {
            refuseSize(sizeBytes, "the size of a null drive stands behind 'null:'");
            return new DriveSpec(DriveSource.none(memorySize(spec.substring(NULL.length()))), "null");
        }
        if (isRemote(spec)) {
            refuseSize(sizeBytes, "a remote namespace has the size it has");
            RemoteAddress address = RemoteAddress.parse(spec);
            // Behind the last colon of an NQN is what tells it from others of its maker.
            String last = address.nqn().substring(address.nqn().lastIndexOf(':') + 1);
            return new DriveSpec(DriveSource.remote(address), Names.from(last));
        }
        if (!spec.startsWith("/")) {
            throw new ProblemException(
                    ProblemCode.UNKNOWN_DRIVE,
                    "no drive '%s': name an offered one ('vnvme drive ls'), ram:SIZE, null:SIZE, the path of a file or block device, or nvme-tcp://HOST/NQN"
                            .formatted(spec));
        }
        Path path = Path.of(spec).normalize();
        if (path.startsWith("/dev") && !path.startsWith("/dev/shm")) {
            refuseSize(sizeBytes, "a device has the size it has");
            return new DriveSpec(DriveSource.block(path), Names.from(fileName(path)));
        }
        long size = sizeBytes == null ? 0 : checkedFileSize(sizeBytes);
        return new DriveSpec(
                DriveSource.file(path, size), Names.from(fileName(path).replaceFirst("\\.[^.]*$", "")));
    }

    private static String fileName(Path path) {
        Path name = path.getFileName();
        return name == null ? "" : name.toString();
    }

    private static void refuseSize(@Nullable Long sizeBytes, String why) {
        if (sizeBytes != null) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "a size was given: %s; leave it out".formatted(why));
        }
    }

    private static long memorySize(String text) {
        try {
            long size = ByteSize.parse(text);
            if (size % MIB != 0 || size < SIZE_MIN) {
                throw new ProblemException(
                        ProblemCode.BAD_SIZE,
                        "'%s': a drive in memory has whole mebibytes, at least 16M".formatted(text));
            }
            return size;
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.BAD_SIZE, String.valueOf(e.getMessage()), e);
        }
    }

    private static long checkedFileSize(long sizeBytes) {
        if (sizeBytes < SIZE_MIN || sizeBytes % 4096 != 0) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "%d bytes: a drive has at least 16 MiB, and a multiple of 4 KiB".formatted(sizeBytes));
        }
        return sizeBytes;
    }
}

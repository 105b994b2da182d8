package io.vnvme.drive.uring;

import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.OpenFile;
import io.vnvme.os.Stat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A file or block device that this daemon has opened for itself alone: by an exclusive open of a block device, which
 * mounted ones refuse, and by a lock that a second daemon meets.
 *
 * <p>Blocking code for control threads. It lives as long as the claim; rings of different threads use it one after the
 * other, each through an {@link UringDrive} of its own.
 */
public final class DriveFile implements AutoCloseable {
    private volatile Path path;
    private volatile Fd fd;
    private volatile Geometry geometry;
    private volatile Stat stat;
    /** Tells apart what came to a device number one after the other; -1 where there is no telling. */
    private volatile long incarnation;

    private DriveFile(Path path, Fd fd, Geometry geometry) {
        this.path = path;
        this.fd = fd;
        this.geometry = geometry;
        this.stat = Stat.of(fd);
        this.incarnation = incarnation(stat);
    }

    /**
     * Opens what is there.
     *
     * @throws NativeException ENOENT, EACCES; EBUSY when somebody else uses it
     * @throws IllegalArgumentException when it is neither a regular file nor a block device, or has strange blocks
     */
    public static DriveFile open(Path path) {
        Stat found = Stat.following(path);
        if (!found.isBlockDevice() && !found.isRegularFile()) {
            throw new IllegalArgumentException(path + " is neither a file nor a block device");
        }
        int flags = OpenFile.READ_WRITE | (found.isBlockDevice() ? OpenFile.EXCLUSIVE : 0);
        return opened(path, flags, 0);
    }

    /**
     * Makes a new file, all of it a hole.
     *
     * @param sizeBytes a positive multiple of 4096
     * @throws NativeException EEXIST, ENOSPC, EACCES
     */
    public static DriveFile create(Path path, long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes % 4096 != 0) {
            throw new IllegalArgumentException(
                    "size of a drive's file: %d bytes is no multiple of 4096".formatted(sizeBytes));
        }
        return opened(path, OpenFile.READ_WRITE | OpenFile.CREATE | OpenFile.EXCLUSIVE, sizeBytes);
    }

    private static DriveFile opened(Path path, int flags, long newSizeBytes) {
        boolean direct = true;
        Fd fd;
        try {
            fd = OpenFile.open(path, flags | OpenFile.DIRECT);
        } catch (NativeException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            // A file system without direct transfers may have made the file before it refused.
            direct = false;
            fd = OpenFile.open(path, newSizeBytes > 0 ? flags & ~OpenFile.EXCLUSIVE : flags);
        }
        try {
            if (!OpenFile.lock(fd)) {
                throw new NativeException("lock " + path, Errno.EBUSY);
            }
            if (newSizeBytes > 0) {
                OpenFile.resize(fd, newSizeBytes);
            }
            Geometry geometry = Geometry.of(fd, direct);
            if (direct
                    && !Geometry.supported(geometry.blockBytes())
                    && !Stat.of(fd).isBlockDevice()) {
                Fd buffered = OpenFile.open(path, OpenFile.READ_WRITE);
                OpenFile.unlock(fd);
                fd.close();
                fd = buffered;
                if (!OpenFile.lock(fd)) {
                    throw new NativeException("lock " + path, Errno.EBUSY);
                }
                geometry = Geometry.of(fd, false);
            }
            if (!Geometry.supported(geometry.blockBytes())) {
                throw new IllegalArgumentException(
                        "%s has blocks of %d bytes: 512 or 4096 are served".formatted(path, geometry.blockBytes()));
            }
            return new DriveFile(path, fd, geometry);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    public Geometry geometry() {
        return geometry;
    }

    /** Whether it is a block device, not a regular file. */
    public boolean device() {
        return stat.isBlockDevice();
    }

    Fd fd() {
        return fd;
    }

    /** Whether the kernel still has what was opened: a device that was pulled is gone though its descriptor is open. */
    public boolean present() {
        Stat opened = stat;
        if (opened.isBlockDevice()) {
            return Files.exists(Geometry.sysfs(opened)) && incarnation(opened) == incarnation;
        }
        return fd.number() >= 0;
    }

    /** Of the disk of a device or partition (Linux 5.15). */
    private static long incarnation(Stat stat) {
        if (!stat.isBlockDevice()) {
            return -1;
        }
        Path device = Geometry.sysfs(stat);
        for (Path sequence : List.of(device.resolve("diskseq"), device.resolve("../diskseq"))) {
            try {
                return Long.parseLong(Files.readString(sequence).strip());
            } catch (IOException e) {
                // It is the disk's, or this kernel has none.
            }
        }
        return -1;
    }

    /**
     * Takes another path, or the same one anew, in place of what was open: the drive that had gone is back, maybe under
     * another name. The caller has made sure by its identity that it is the same drive. {@link UringDrive#returned} then
     * lets it be used again. When this throws, nothing may be open any more, and it can be called again.
     *
     * @throws NativeException as {@link #open}
     * @throws IllegalArgumentException when what is there now is smaller, or has other blocks
     */
    public void reopen(Path found) {
        if (fd.number() >= 0 && present() && Stat.following(found).sameDeviceOrFile(stat)) {
            return;
        }
        // The device may have the number of before: our own claim would then be in the way.
        close();
        DriveFile again = open(found);
        Geometry before = geometry;
        Geometry after = again.geometry;
        if (after.sizeBytes() < before.sizeBytes() || after.blockBytes() != before.blockBytes()) {
            again.close();
            throw new IllegalArgumentException("%s has %d bytes in blocks of %d, the drive that was here had %d in %d"
                    .formatted(found, after.sizeBytes(), after.blockBytes(), before.sizeBytes(), before.blockBytes()));
        }
        path = found;
        stat = again.stat;
        incarnation = again.incarnation;
        geometry = after;
        fd = again.fd;
    }

    /** Lets go of the file. Rings that use it must have closed their drives before. */
    @Override
    public void close() {
        Fd last = fd;
        if (last.number() >= 0) {
            OpenFile.unlock(last);
            last.close();
        }
    }
}

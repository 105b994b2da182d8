package io.vnvme.control.transfer;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.Progress;
import io.vnvme.control.plane.VolumeIo;
import io.vnvme.control.store.FileIdentity;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CancellationException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A file with a disk image that is to be imported: told what it is, then read as raw. */
public final class ImageSource {
    private static final int QCOW2_MAGIC = 0x514649fb;
    private static final String RAW = "raw";
    private static final int PIECE_BYTES = 64 << 10;

    private final Path file;
    private final String format;
    private final long sizeBytes;
    private final FileIdentity identity;

    private ImageSource(Path file, String format, long sizeBytes, FileIdentity identity) {
        this.file = file;
        this.format = format;
        this.sizeBytes = sizeBytes;
        this.identity = identity;
    }

    /**
     * Looks at a file.
     *
     * @param wanted its format; null: told from its first bytes, raw if they say nothing
     * @throws ProblemException when it is not there, is no image, or refers to other files
     */
    public static ImageSource open(Path file, @Nullable String wanted) {
        if (!Files.isRegularFile(file)) {
            throw new ProblemException(ProblemCode.FILE_REFUSED, "%s is no file that is there".formatted(file));
        }
        FileIdentity identity = identity(file);
        String format = wanted == null ? told(file) : wanted;
        if (format.equals(RAW)) {
            return new ImageSource(file, format, identity.sizeBytes(), identity);
        }
        QemuImg.Info info =
                QemuImg.find("reading %s (%s)".formatted(file, format)).info(file, format);
        if (!info.external().isEmpty()) {
            throw new ProblemException(
                    ProblemCode.FILE_REFUSED,
                    "%s is only a part: it refers to %s; make it whole with 'qemu-img convert'"
                            .formatted(file, info.external()));
        }
        return new ImageSource(file, format, info.sizeBytes(), identity);
    }

    /** The file of which a part was read before. @throws ProblemException when it is not there, or not as it was */
    public static ImageSource openUnchanged(Path file, String format, FileIdentity before) {
        ImageSource source = open(file, format);
        if (!source.identity.unchanged(before)) {
            throw new ProblemException(
                    ProblemCode.FILE_REFUSED,
                    "%s was changed while the daemon was away: begin again with what it is now".formatted(file));
        }
        return source;
    }

    private static String told(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer magic = ByteBuffer.allocate(4);
            channel.read(magic, 0);
            return magic.position() == 4 && magic.getInt(0) == QCOW2_MAGIC ? "qcow2" : RAW;
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static FileIdentity identity(Path file) {
        try {
            return FileIdentity.of(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static ProblemException unreadable(Path file, IOException e) {
        return new ProblemException(
                ProblemCode.FILE_REFUSED, "%s cannot be read: %s".formatted(file, e.getMessage()), e);
    }

    public String format() {
        return format;
    }

    /** Capacity of the disk, in bytes. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** The file as it was when it was opened. */
    public FileIdentity identity() {
        return identity;
    }

    /** Whether it is read as it is; if not, it is converted first. */
    public boolean raw() {
        return format.equals(RAW);
    }

    /** Where it lies until it is whole. */
    private static Path partOf(Path raw) {
        return raw.resolveSibling(raw.getFileName() + ".part");
    }

    /** Makes a raw image of it, there when it is whole and durable; nothing is left when that fails. Half of all work. */
    public void convert(Path raw, Progress progress) {
        Path part = partOf(raw);
        try {
            // What may be private in the image is not for everybody here; qemu-img keeps the mode of a file that is
            // there.
            Files.createFile(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            QemuImg.find("reading %s".formatted(file))
                    .toRaw(
                            file,
                            format,
                            part,
                            progress,
                            percent -> progress.at((long) (sizeBytes * percent / 100), 2 * sizeBytes));
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(part, raw, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw unreadable(raw, e);
        } finally {
            delete(part);
        }
    }

    /** Whether that is what {@link #convert} has made of it. */
    public boolean isConverted(Path raw) {
        try {
            return Files.isRegularFile(raw, LinkOption.NOFOLLOW_LINKS) && Files.size(raw) == sizeBytes;
        } catch (IOException e) {
            return false;
        }
    }

    /** Removes what {@link #convert} has made, or what was left of it. */
    public static void removeConverted(Path raw) {
        delete(partOf(raw));
        delete(raw);
    }

    private static void delete(Path raw) {
        try {
            Files.deleteIfExists(raw);
        } catch (IOException e) {
            System.getLogger(ImageSource.class.getName()).log(Level.WARNING, "{0} is left: {1}", raw, e.getMessage());
        }
    }

    /**
     * Writes it to a new volume, whose zeros need not be written.
     *
     * @param from the file itself, or what it was converted to
     * @param doneBytes all before is in the volume
     * @param marks told when that is due how much is in the volume and durable
     */
    public void copy(Path from, VolumeIo target, long doneBytes, Progress progress, LongConsumer marks) {
        long before = raw() ? 0 : sizeBytes;
        ByteBuffer buffer = ByteBuffer.allocateDirect(VolumeIo.LENGTH_MAX);
        ByteBuffer zeros = ByteBuffer.allocateDirect(VolumeIo.LENGTH_MAX);
        try (FileChannel channel = FileChannel.open(from, StandardOpenOption.READ)) {
            long size = channel.size();
            for (long at = doneBytes & -VolumeIo.LENGTH_MAX; at < size; at += VolumeIo.LENGTH_MAX) {
                progress.at(before + at, before + size);
                if (progress.cancelled()) {
                    throw new CancellationException();
                }
                if (progress.markDue()) {
                    target.flush();
                    marks.accept(at);
                }
                fill(channel, at, buffer.clear());
                int whole = (buffer.position() + 4095) & -4096;
                while (buffer.position() < whole) {
                    buffer.put((byte) 0);
                }
                buffer.flip();
                writeData(target, at, buffer, zeros);
            }
            target.flush();
            progress.at(before + size, before + size);
        } catch (IOException e) {
            throw unreadable(from, e);
        }
    }

    /** Pieces that hold only zeros are left out, by the unit in which pools give space. */
    private static void writeData(VolumeIo target, long offsetBytes, ByteBuffer data, ByteBuffer zeros) {
        int end = data.limit();
        for (int from = 0; from < end; ) {
            int to = from;
            while (to < end && !zeros(data, to, end, zeros)) {
                to = Math.min(end, to + PIECE_BYTES);
            }
            if (to > from) {
                target.write(offsetBytes + from, data.slice(from, to - from));
            }
            from = Math.min(end, to + PIECE_BYTES);
        }
    }

    private static boolean zeros(ByteBuffer data, int at, int end, ByteBuffer zeros) {
        int length = Math.min(PIECE_BYTES, end - at);
        return data.slice(at, length).equals(zeros.clear().limit(length));
    }

    private static void fill(FileChannel channel, long at, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining() && channel.read(buffer, at + buffer.position()) >= 0) {
            // The end of the file ends it too.
        }
    }
}

package io.vnvme.control.transfer;

import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.Progress;
import io.vnvme.control.plane.VolumeIo;
import io.vnvme.control.store.FileIdentity;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Copies a snapshot into a file. It is written beside its place, as {@code FILE.part}, and put there when it is whole and
 * durable.
 */
public final class VolumeExport {
    private static final int ZERO_CHECK_BYTES = 4096;

    /** Told from where another run can go on. */
    @FunctionalInterface
    public interface Marks {
        /**
         * A moment at which the unfinished file is durable.
         *
         * @param part the unfinished file
         * @param doneBytes of the volume: all data before is in it
         */
        void at(FileIdentity part, long doneBytes);
    }

    /**
     * Where to, and how far it is.
     *
     * @param format {@code raw} or {@code qcow2}
     * @param part the unfinished file of an earlier run
     * @param doneBytes what that had done
     */
    public record Target(Path file, String format, Optional<FileIdentity> part, long doneBytes, Marks marks) {
        Path partPath() {
            return VolumeExport.partPath(file);
        }
    }

    private VolumeExport() {}

    private static Path partPath(Path file) {
        return file.resolveSibling(file.getFileName() + ".part");
    }

    /** @throws ProblemException when there is no place for that file */
    public static void checkFree(Path file) {
        for (Path needed : List.of(file, partPath(file))) {
            if (Files.exists(needed, LinkOption.NOFOLLOW_LINKS)) {
                throw new ProblemException(
                        ProblemCode.FILE_REFUSED, "%s is there already: remove it, or name another".formatted(needed));
            }
        }
        Path folder = file.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new ProblemException(ProblemCode.FILE_REFUSED, "there is no folder for %s".formatted(file));
        }
    }

    /**
     * Writes the image, or what an earlier run has left to do.
     *
     * @param ranges where the source has data
     * @throws ProblemException when the file cannot be written; it is not there then
     * @throws CancellationException when it was cancelled; it is not there then, its part is if this is only interrupted
     */
    public static void run(VolumeIo source, List<DiffRange> ranges, Target target, Progress progress) {
        Path part = target.partPath();
        boolean own = false;
        try {
            boolean before = isFile(part, target.part());
            checkKept(part, before, target);
            long doneBytes = before ? target.doneBytes() & -4096L : 0;
            try (ImageWriter writer = before
                    ? ImageWriter.reopen(part, target.format(), source.sizeBytes(), doneBytes)
                    : ImageWriter.create(part, target.format(), source.sizeBytes())) {
                own = true;
                if (!before) {
                    // Long ago, so that it differs from the time at which the file was made, where that is known.
                    Files.setLastModifiedTime(part, FileTime.fromMillis(0));
                    syncFolder(part);
                    target.marks().at(identity(part), 0);
                }
                copy(source, ranges, writer, doneBytes, progress, target);
                writer.finish();
            }
            // A link fails where something is by now; a move would replace it.
            Files.createLink(target.file(), part);
            syncFolder(target.file());
            Files.delete(part);
        } catch (IOException e) {
            if (own) {
                delete(part);
            }
            throw refused(target.file(), e);
        } catch (RuntimeException e) {
            if (own && !progress.interrupted()) {
                delete(part);
            }
            throw e;
        }
    }

    private static FileIdentity identity(Path part) throws IOException {
        return FileIdentity.of(part, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * What was done is there, or there was nothing.
     *
     * @throws ProblemException when the file lacks what was done: its file system may not be mounted, and what lies below is no
     *     place to begin again
     */
    private static void checkKept(Path part, boolean there, Target target) throws IOException {
        FileIdentity kept = target.part().orElse(null);
        if (kept == null || target.doneBytes() == 0) {
            return;
        }
        if (!there && Files.notExists(part, LinkOption.NOFOLLOW_LINKS)) {
            throw new ProblemException(
                    ProblemCode.FILE_REFUSED, "%s, which was begun, is there no more: begin again".formatted(part));
        }
        if (there && identity(part).sizeBytes() < kept.sizeBytes()) {
            throw new ProblemException(
                    ProblemCode.FILE_REFUSED, "%s is shorter than it was left: begin again".formatted(part));
        }
    }

    /** Whether that file is the one that an earlier run has finished; it is durable under its name then. */
    public static boolean finished(Path file, Optional<FileIdentity> part) {
        try {
            boolean finished = isFile(file, part);
            if (finished) {
                syncFolder(file);
            }
            return finished;
        } catch (IOException e) {
            return false;
        }
    }

    private static ProblemException refused(Path file, IOException e) {
        String why = e instanceof FileAlreadyExistsException taken
                ? "%s is there already".formatted(taken.getFile())
                : String.valueOf(e.getMessage());
        return new ProblemException(ProblemCode.FILE_REFUSED, "%s cannot be written: %s".formatted(file, why), e);
    }

    private static boolean isFile(Path path, Optional<FileIdentity> known) throws IOException {
        return known.isPresent()
                && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
                && identity(path).sameFile(known.get());
    }

    /** The name is to be there after a power cut, as all that it names. */
    private static void syncFolder(Path file) throws IOException {
        Path folder = file.getParent();
        if (folder != null) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /** Removes what an earlier run has left of a file that nobody will finish. */
    public static void removePart(Path file, Optional<FileIdentity> part) {
        Path path = partPath(file);
        try {
            if (isFile(path, part)) {
                Files.delete(path);
            }
        } catch (IOException e) {
            System.getLogger(VolumeExport.class.getName()).log(Level.WARNING, "{0} is left: {1}", path, e.getMessage());
        }
    }

    private static void copy(
            VolumeIo source,
            List<DiffRange> ranges,
            ImageWriter writer,
            long fromBytes,
            Progress progress,
            Target target)
            throws IOException {
        long totalBytes = ranges.stream().mapToLong(DiffRange::lengthBytes).sum();
        long doneBytes = 0;
        ByteBuffer buffer = ByteBuffer.allocateDirect(VolumeIo.LENGTH_MAX);
        for (DiffRange range : ranges) {
            long end = range.offsetBytes() + range.lengthBytes();
            long begin = Math.clamp(fromBytes, range.offsetBytes(), end);
            doneBytes += begin - range.offsetBytes();
            for (long at = begin; at < end; at += VolumeIo.LENGTH_MAX) {
                progress.at(doneBytes, totalBytes);
                if (progress.cancelled()) {
                    throw new CancellationException();
                }
                if (progress.markDue()) {
                    writer.keep();
                    target.marks().at(identity(target.partPath()), at);
                }
                int length = (int) Math.min(VolumeIo.LENGTH_MAX, end - at);
                source.read(at, buffer.clear().limit(length));
                writeData(writer, at, buffer.flip());
                doneBytes += length;
            }
        }
        progress.at(doneBytes, totalBytes);
    }

    /** What holds only zeros stays a hole. */
    private static void writeData(ImageWriter writer, long offsetBytes, ByteBuffer data) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(ZERO_CHECK_BYTES);
        int end = data.limit();
        int from = 0;
        while (from < end) {
            int to = from;
            while (to < end && !zeros(data, to, end, zeros)) {
                to = Math.min(end, to + ZERO_CHECK_BYTES);
            }
            if (to > from) {
                writer.write(offsetBytes + from, data.slice(from, to - from));
            }
            from = Math.min(end, to + ZERO_CHECK_BYTES);
        }
    }

    private static boolean zeros(ByteBuffer data, int at, int end, ByteBuffer zeros) {
        int length = Math.min(ZERO_CHECK_BYTES, end - at);
        return data.slice(at, length).equals(zeros.clear().limit(length));
    }

    private static void delete(Path part) {
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            System.getLogger(VolumeExport.class.getName()).log(Level.WARNING, "{0} is left: {1}", part, e.getMessage());
        }
    }
}

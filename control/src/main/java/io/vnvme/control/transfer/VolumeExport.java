package io.vnvme.control.transfer;

import io.vnvme.control.model.DiffRange;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.Progress;
import io.vnvme.control.plane.VolumeIo;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Copies a volume or snapshot into a file. */
public final class VolumeExport {
    private static final int ZERO_CHECK_BYTES = 4096;

    private VolumeExport() {}

    /**
     * Writes the image beside its place, and puts it there when it is whole and durable.
     *
     * @param ranges where the source has data
     * @throws ProblemException when the file cannot be written; it is not there then
     * @throws CancellationException when it was cancelled; it is not there then
     */
    public static void run(VolumeIo source, List<DiffRange> ranges, Path file, String format, Progress progress) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.deleteIfExists(part);
            try (ImageWriter writer = ImageWriter.create(part, format, source.sizeBytes())) {
                copy(source, ranges, writer, progress);
                writer.finish();
            }
            // A link fails where something is by now; a move would replace it.
            Files.createLink(file, part);
            Files.delete(part);
        } catch (IOException e) {
            delete(part);
            throw new ProblemException(
                    ProblemCode.FILE_REFUSED, "%s cannot be written: %s".formatted(file, e.getMessage()), e);
        } catch (RuntimeException e) {
            delete(part);
            throw e;
        }
    }

    private static void copy(VolumeIo source, List<DiffRange> ranges, ImageWriter writer, Progress progress)
            throws IOException {
        long totalBytes = ranges.stream().mapToLong(DiffRange::lengthBytes).sum();
        long doneBytes = 0;
        ByteBuffer buffer = ByteBuffer.allocateDirect(VolumeIo.LENGTH_MAX);
        progress.at(0, totalBytes);
        for (DiffRange range : ranges) {
            for (long at = 0; at < range.lengthBytes(); at += VolumeIo.LENGTH_MAX) {
                if (progress.cancelled()) {
                    throw new CancellationException();
                }
                int length = (int) Math.min(VolumeIo.LENGTH_MAX, range.lengthBytes() - at);
                source.read(range.offsetBytes() + at, buffer.clear().limit(length));
                writeData(writer, range.offsetBytes() + at, buffer.flip());
                doneBytes += length;
                progress.at(doneBytes, totalBytes);
            }
        }
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

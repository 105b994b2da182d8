package io.vnvme.control.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A disk image that is being written. What nobody writes reads zeros, and takes no space where the file system can do that. */
public interface ImageWriter extends AutoCloseable {
    /**
     * Writes what remains in {@code data}.
     *
     * @param offsetBytes a multiple of 4096, never going back
     */
    void write(long offsetBytes, ByteBuffer data) throws IOException;

    /** Makes what was written durable, so that {@link #reopen} can go on after it. */
    void keep() throws IOException;

    /** Everything is written: makes the image whole, and durable. */
    void finish() throws IOException;

    @Override
    void close() throws IOException;

    /**
     * Begins a new file.
     *
     * @param format {@code raw} or {@code qcow2}
     */
    static ImageWriter create(Path file, String format, long sizeBytes) throws IOException {
        FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return switch (format) {
            case "raw" -> new RawWriter(channel, sizeBytes);
            case "qcow2" -> new Qcow2Writer(channel, sizeBytes);
            default -> throw new IllegalArgumentException("'%s' is no format: it is raw or qcow2".formatted(format));
        };
    }

    /**
     * Goes on with a file that was {@linkplain #keep kept}.
     *
     * @param doneBytes all before was written then; the rest is written again
     */
    static ImageWriter reopen(Path file, String format, long sizeBytes, long doneBytes) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        return switch (format) {
            case "raw" -> RawWriter.reopen(channel, sizeBytes, doneBytes);
            case "qcow2" -> Qcow2Writer.reopen(channel, sizeBytes, doneBytes);
            default -> throw new IllegalArgumentException("'%s' is no format: it is raw or qcow2".formatted(format));
        };
    }
}

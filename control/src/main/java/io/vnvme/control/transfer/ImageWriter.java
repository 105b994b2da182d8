package io.vnvme.control.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A disk image that is being written. What nobody writes reads zeros, and takes no space where the file system can do that. */
public interface ImageWriter extends AutoCloseable {
    /**
     * Writes what remains in {@code data}.
     *
     * @param offsetBytes a multiple of 4096, never going back
     */
    void write(long offsetBytes, ByteBuffer data) throws IOException;

    /** Everything is written: makes the image whole, and durable. */
    void finish() throws IOException;

    @Override
    void close() throws IOException;

    /** @param format {@code raw} or {@code qcow2} */
    static ImageWriter create(Path file, String format, long sizeBytes) throws IOException {
        return switch (format) {
            case "raw" -> new RawWriter(file, sizeBytes);
            case "qcow2" -> new Qcow2Writer(file, sizeBytes);
            default -> throw new IllegalArgumentException("'%s' is no format: it is raw or qcow2".formatted(format));
        };
    }
}

package io.vnvme.control.plane;

import java.nio.ByteBuffer;

/** A volume or snapshot as the control plane reads and writes it, by one thread, from its own memory. */
public interface VolumeIo extends AutoCloseable {
    /** Most bytes of one call. */
    int LENGTH_MAX = 1 << 20;

    long sizeBytes();

    /**
     * Fills the buffer.
     *
     * @param offsetBytes a multiple of 4096, as is what remains in {@code target}
     */
    void read(long offsetBytes, ByteBuffer target);

    /** Writes all of {@code source}; zeros need not be written to a new volume. */
    void write(long offsetBytes, ByteBuffer source);

    /** Has a range read zeros, in what was written and in what the volume has of snapshots. */
    void deallocate(long offsetBytes, long lengthBytes);

    /** Makes what was written durable. */
    void flush();

    @Override
    void close();
}

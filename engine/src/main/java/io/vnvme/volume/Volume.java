package io.vnvme.volume;

import io.vnvme.drive.Io;

/** A range of bytes with the life of its own that a namespace shows: where on which drive is this layer's matter. */
public interface Volume {
    long sizeBytes();

    /** Smallest unit of a transfer, in bytes; a namespace's block size is a multiple of it. */
    int blockSizeBytes();

    /** True when completed writes can be lost by a power cut until a FLUSH completes. */
    boolean volatileWriteCache();

    /**
     * Does or starts the work; a write or a flush that ended OK is as durable as {@link Io} says.
     *
     * @return an {@link io.vnvme.drive.IoStatus}
     */
    int submit(Io io);
}

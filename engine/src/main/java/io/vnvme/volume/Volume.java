package io.vnvme.volume;

import io.vnvme.drive.Io;
import io.vnvme.reactor.WaitMeter;

/** A range of bytes with the life of its own that a namespace shows: where on which drive is this layer's matter. */
public interface Volume {
    long sizeBytes();

    /** Smallest unit of a transfer, in bytes; a namespace's block size is a multiple of it. */
    int blockSizeBytes();

    /** Size of what is written without reading before, in bytes; a multiple of the block size: NPWG. */
    default int physicalBlockBytes() {
        return Math.max(blockSizeBytes(), 4096);
    }

    /** What transfers should be multiples of, in bytes; a multiple of {@link #physicalBlockBytes}: NOWS. */
    default int optimalWriteBytes() {
        return physicalBlockBytes();
    }

    /** True when completed writes can be lost by a power cut until a FLUSH completes. */
    boolean volatileWriteCache();

    /**
     * True when as good as all work ends inside {@link #submit}, and what was written then is on the media: large requests
     * then come in pieces, which other work gets between.
     */
    default boolean synchronous() {
        return false;
    }

    /** How its writes waited for space: while the pool that it is thin in is full. */
    default WaitMeter space() {
        return WaitMeter.NEVER;
    }

    /**
     * Does or starts the work; a write or a flush that ended OK is as durable as {@link Io} says.
     *
     * @return an {@link io.vnvme.drive.IoStatus}
     */
    int submit(Io io);
}

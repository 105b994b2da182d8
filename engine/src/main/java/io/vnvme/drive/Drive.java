package io.vnvme.drive;

import io.vnvme.reactor.Poller;

/**
 * A backing device that the daemon has claimed, as one reactor uses it.
 *
 * <p>As a {@link Poller} it reaps completions; a drive that completes all work inside {@link #submit} has none.
 */
public interface Drive extends Poller, AutoCloseable {
    /** The name the administrator knows it by. */
    String name();

    long sizeBytes();

    /** Logical block size in bytes: 512 or 4096. */
    int blockSizeBytes();

    /** Size of what it writes without reading before, in bytes; a multiple of the block size. */
    default int physicalBlockBytes() {
        return Math.max(blockSizeBytes(), 4096);
    }

    /** What transfers should be multiples of, in bytes; a multiple of {@link #physicalBlockBytes}. */
    default int optimalIoBytes() {
        return physicalBlockBytes();
    }

    /** True when completed writes can be lost by a power cut until a FLUSH completes. */
    boolean volatileWriteCache();

    /** True when all work ends inside {@link #submit}. */
    default boolean synchronous() {
        return false;
    }

    /** Does or starts the work. @return an {@link IoStatus} */
    int submit(Io io);

    @Override
    default int poll(long nowNs) {
        return 0;
    }

    @Override
    default long prepareSleep(long nowNs) {
        return UNLIMITED;
    }

    @Override
    void close();
}

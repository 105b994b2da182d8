package io.vnvme.volume;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;

/** A volume that is one contiguous range of one drive. */
public final class LinearVolume implements Volume {
    private final Drive drive;
    private final long startBytes;
    private final long sizeBytes;

    /**
     * @param startBytes offset on the drive, a multiple of its block size
     * @param sizeBytes more than 0, a multiple of the drive's block size
     * @throws IllegalArgumentException when the range is not on the drive or not on its blocks
     */
    public LinearVolume(Drive drive, long startBytes, long sizeBytes) {
        int block = drive.blockSizeBytes();
        if (startBytes < 0 || sizeBytes <= 0 || startBytes > drive.sizeBytes() - sizeBytes) {
            throw new IllegalArgumentException("%d bytes at %d do not fit drive %s of %d bytes"
                    .formatted(sizeBytes, startBytes, drive.name(), drive.sizeBytes()));
        }
        if (startBytes % block != 0 || sizeBytes % block != 0) {
            throw new IllegalArgumentException(
                    "%d bytes at %d are not whole blocks of %d".formatted(sizeBytes, startBytes, block));
        }
        this.drive = drive;
        this.startBytes = startBytes;
        this.sizeBytes = sizeBytes;
    }

    public Drive drive() {
        return drive;
    }

    public long startBytes() {
        return startBytes;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public int blockSizeBytes() {
        return drive.blockSizeBytes();
    }

    @Override
    public int physicalBlockBytes() {
        return drive.physicalBlockBytes();
    }

    @Override
    public int optimalWriteBytes() {
        return drive.optimalIoBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return drive.volatileWriteCache();
    }

    @Override
    public boolean synchronous() {
        return drive.synchronous();
    }

    @Override
    public int submit(Io io) {
        io.shift(startBytes);
        return drive.submit(io);
    }
}

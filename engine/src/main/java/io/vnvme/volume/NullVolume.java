package io.vnvme.volume;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Segments;

/**
 * A volume that keeps nothing: all work ends at once, and reads find zeros. What it costs to use is the protocol alone.
 *
 * <p>It has the size and the blocks of another volume, which is asked for nothing else.
 */
public final class NullVolume implements Volume {
    private final Volume shape;

    public NullVolume(Volume shape) {
        this.shape = shape;
    }

    @Override
    public long sizeBytes() {
        return shape.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return shape.blockSizeBytes();
    }

    @Override
    public int physicalBlockBytes() {
        return shape.physicalBlockBytes();
    }

    @Override
    public int optimalWriteBytes() {
        return shape.optimalWriteBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return false;
    }

    @Override
    public int submit(Io io) {
        if (io.operation() == Io.READ) {
            Segments data = io.data();
            for (int i = 0; i < data.count(); i++) {
                data.memory(i).asSlice(data.offset(i), data.length(i)).fill((byte) 0);
            }
        }
        return IoStatus.OK;
    }
}

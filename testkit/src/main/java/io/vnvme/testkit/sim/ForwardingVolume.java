package io.vnvme.testkit.sim;

import io.vnvme.volume.Volume;

/** A volume with a cache that can be lost, which looks like the one below it and does its work in its own way. */
public abstract class ForwardingVolume implements Volume {
    private final Volume below;

    protected ForwardingVolume(Volume below) {
        this.below = below;
    }

    protected final Volume below() {
        return below;
    }

    @Override
    public long sizeBytes() {
        return below.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return below.blockSizeBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return true;
    }
}

package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Makes a range of a volume read zeros and gives its space back: whole blocks in the map alone, the parts of blocks at
 * the ends by writing zeros. A long range is worked on in slices. Pooled by its pool.
 */
final class Discard implements Io.Completion {
    /** Cluster entries looked at in one pass. */
    private static final int SLICE = 1024;

    private static final MemorySegment ZEROS = Arena.global().allocate(Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES);

    private enum Step {
        HEAD,
        TAIL,
        BLOCKS
    }

    private final Pool pool;
    private final Io edge = new Io(this);
    private @Nullable PoolVolume volume;
    private @Nullable Io parent;
    private Step step = Step.HEAD;
    private long nextBlock;
    private long endBlock;

    Discard(Pool pool) {
        this.pool = pool;
    }

    /** @return an {@link IoStatus} */
    int run(PoolVolume owner, Io io) {
        volume = owner;
        parent = io;
        step = Step.HEAD;
        long end = io.offsetBytes() + io.lengthBytes();
        nextBlock = (io.offsetBytes() + Geometry.BLOCK_BYTES - 1) >>> Geometry.BLOCK_SHIFT;
        endBlock = end >>> Geometry.BLOCK_SHIFT;
        int status = proceed();
        return status == IoStatus.PENDING ? status : end(io, status);
    }

    /** Goes on with what was left for another pass. */
    void resume() {
        finishLater(proceed());
    }

    @Override
    public void completed(Io io, int status) {
        finishLater(status == IoStatus.OK ? proceed() : status);
    }

    private void finishLater(int status) {
        Io io = parent;
        if (status == IoStatus.PENDING || io == null) {
            return;
        }
        int answer = end(io, status);
        if (answer != IoStatus.PENDING) {
            io.complete(answer);
        }
    }

    private int end(Io io, int status) {
        boolean durable = io.forceUnitAccess() && status == IoStatus.OK && !pool.mapsDurable();
        volume = null;
        parent = null;
        pool.recycle(this);
        return durable ? pool.flush(io) : status;
    }

    private int proceed() {
        PoolVolume owner = volume;
        Io io = parent;
        if (owner == null || io == null) {
            throw new IllegalStateException("a request that has ended");
        }
        long from = io.offsetBytes();
        long end = from + io.lengthBytes();
        if (step == Step.HEAD) {
            step = Step.TAIL;
            if ((from & (Geometry.BLOCK_BYTES - 1)) != 0) {
                int status = zero(owner, from, Math.min(end, nextBlock << Geometry.BLOCK_SHIFT), io.forceUnitAccess());
                if (status != IoStatus.OK) {
                    return status;
                }
            }
        }
        if (step == Step.TAIL) {
            step = Step.BLOCKS;
            long tail = endBlock << Geometry.BLOCK_SHIFT;
            // With both ends in one block the head was all.
            if (tail != end && tail >= from) {
                int status = zero(owner, tail, end, io.forceUnitAccess());
                if (status != IoStatus.OK) {
                    return status;
                }
            }
        }
        return blocks(owner);
    }

    private int zero(PoolVolume owner, long from, long end, boolean durable) {
        if (Resolver.resolve(owner.layer(), from >>> Geometry.BLOCK_SHIFT) == Resolver.ZERO
                && !owner.blocked(from >>> Geometry.BLOCK_SHIFT, (from >>> Geometry.BLOCK_SHIFT) + 1)) {
            return IoStatus.OK;
        }
        edge.prepare(Io.WRITE, from, end - from, durable);
        edge.data().clear();
        edge.data().add(ZEROS, 0, end - from);
        return owner.submit(edge);
    }

    private int blocks(PoolVolume owner) {
        if (owner.closed()) {
            return IoStatus.GONE;
        }
        if (pool.stopped()) {
            return IoStatus.WRITE_ERROR;
        }
        for (int looked = 0; nextBlock < endBlock; looked++) {
            long index = nextBlock >>> 4;
            if (owner.layer().parent() == null) {
                index = owner.map().next(index);
                if (index > (endBlock - 1) >>> 4) {
                    return IoStatus.OK;
                }
                nextBlock = Math.max(nextBlock, index << 4);
            }
            long stop = Math.min(endBlock, (index + 1) << 4);
            if (looked == SLICE || pool.crowded() || owner.blocked(nextBlock, stop)) {
                pool.resumeLater(this);
                return IoStatus.PENDING;
            }
            int within = (int) (nextBlock & 15) << Geometry.BLOCK_SHIFT;
            owner.unmap(index, Entry.blocks(within, (int) (stop - nextBlock) << Geometry.BLOCK_SHIFT));
            nextBlock = stop;
        }
        return IoStatus.OK;
    }
}

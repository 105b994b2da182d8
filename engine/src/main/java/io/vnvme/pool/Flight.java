package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import org.jspecify.annotations.Nullable;

/** A request that went down to one drive as it is, until it comes back: pooled by its pool. */
final class Flight implements Io.Completion, Commit.Waiter {
    private final Pool pool;
    private @Nullable PoolVolume volume;
    private @Nullable Io io;
    private Io.@Nullable Completion former;
    private @Nullable PoolSet set;
    private int period;
    private boolean write;
    private long index;
    private int newBlocks;

    Flight(Pool pool) {
        this.pool = pool;
    }

    /** @param blocks of cluster {@code index} that the request writes for the first time, a bit each */
    void begin(PoolVolume owner, Io request, PoolSet target, boolean writes, long clusterIndex, int blocks) {
        volume = owner;
        io = request;
        set = target;
        write = writes;
        index = clusterIndex;
        newBlocks = blocks;
        former = request.redirect(this);
        period = pool.drain().enter();
        if (writes) {
            owner.writeBegins();
        }
    }

    @Override
    public void completed(Io request, int status) {
        settle(request, status);
        if (write && status == IoStatus.OK && request.forceUnitAccess() && !pool.mapsDurable()) {
            io = request;
            pool.commit().request(this);
            return;
        }
        pool.recycle(this);
        request.complete(status);
    }

    /** The request is back, or never left: what it did counts from now on. */
    void settle(Io request, int status) {
        PoolVolume owner = volume;
        PoolSet target = set;
        Io.Completion back = former;
        if (owner == null || target == null || back == null) {
            throw new IllegalStateException("a request ends that has not begun");
        }
        request.redirect(back);
        pool.drain().leave(period);
        volume = null;
        io = null;
        set = null;
        former = null;
        if (write) {
            if (status == IoStatus.OK) {
                target.written();
                owner.written(index, newBlocks);
            }
            owner.writeEnds();
            if (status != IoStatus.OK && newBlocks != 0) {
                owner.emptied(index);
            }
        }
    }

    @Override
    public void committed(int status) {
        Io request = io;
        io = null;
        pool.recycle(this);
        if (request != null) {
            request.complete(status);
        }
    }
}

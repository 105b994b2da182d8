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
        PoolVolume owner = volume;
        settle(request, status);
        if (write && status == IoStatus.OK && request.forceUnitAccess() && !pool.mapsDurable()) {
            io = request;
            ended(owner, status);
            pool.commit().request(this);
            return;
        }
        boolean writes = write;
        long at = index;
        boolean fresh = newBlocks != 0;
        pool.recycle(this);
        // Told before the write counts as ended: whoever guards the volume may have to go on with it.
        request.complete(status);
        if (writes && owner != null) {
            ended(owner, status, at, fresh);
        }
    }

    private void ended(@Nullable PoolVolume owner, int status) {
        if (owner != null) {
            ended(owner, status, index, newBlocks != 0);
        }
    }

    /** The write that {@link #begin} counted is over. */
    private static void ended(PoolVolume owner, int status, long index, boolean fresh) {
        owner.writeEnds();
        if (status != IoStatus.OK && fresh) {
            owner.emptied(index);
        }
    }

    /** A request that ended inside its submission. */
    void settleInside(Io request, int status) {
        PoolVolume owner = volume;
        settle(request, status);
        if (write) {
            ended(owner, status);
        }
    }

    /** The request is back: what it did counts from now on. */
    private void settle(Io request, int status) {
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

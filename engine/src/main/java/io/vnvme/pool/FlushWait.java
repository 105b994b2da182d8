package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import org.jspecify.annotations.Nullable;

/** A request that ends with the next commit. Pooled by its pool. */
final class FlushWait implements Commit.Waiter {
    private static final int NOT_YET = IoStatus.PENDING;

    private final Pool pool;
    private @Nullable Io io;
    private boolean inside;
    private int answer;

    FlushWait(Pool pool) {
        this.pool = pool;
    }

    /** @return an {@link IoStatus}: a pool whose drives answer at once is flushed at once */
    int run(Io request) {
        io = request;
        inside = true;
        answer = NOT_YET;
        pool.commit().request(this);
        inside = false;
        if (answer != NOT_YET) {
            io = null;
            pool.recycle(this);
        }
        return answer;
    }

    @Override
    public void committed(int status) {
        answer = status;
        Io request = io;
        if (!inside && request != null) {
            io = null;
            pool.recycle(this);
            request.complete(status);
        }
    }
}

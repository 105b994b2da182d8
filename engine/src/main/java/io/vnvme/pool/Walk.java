package io.vnvme.pool;

import org.jspecify.annotations.Nullable;

/** A look at maps that takes long, in slices between which I/O goes on. */
abstract class Walk {
    /** Cluster indexes looked at in one pass. */
    private static final int SLICE = 2048;

    private final Done done;
    private long index;

    Walk(Done done) {
        this.done = done;
    }

    /** Whether what is looked at is still there. */
    abstract boolean valid();

    /** First index from {@code from} on that is worth a look; {@code Long.MAX_VALUE}: none. */
    abstract long next(long from);

    abstract void look(long at);

    /** Everything was looked at. */
    abstract void finish();

    /** A slice. @return false when the walk has ended */
    final boolean step() {
        if (!valid()) {
            end(new PoolException(PoolException.Reason.NO_SUCH_NAME, "what was looked at was removed meanwhile"));
            return false;
        }
        for (int i = 0; i < SLICE; i++) {
            index = next(index);
            if (index == Long.MAX_VALUE) {
                finish();
                end(null);
                return false;
            }
            look(index++);
        }
        return true;
    }

    void end(@Nullable PoolException failure) {
        done.done(failure);
    }

    /** First index from {@code from} on at which one of the layers below {@code top}, or it, has something. */
    static long nextBelow(@Nullable Layer top, long from) {
        long nearest = Long.MAX_VALUE;
        for (Layer layer = top; layer != null; layer = layer.parent()) {
            nearest = Math.min(nearest, layer.map().next(from));
        }
        return nearest;
    }
}

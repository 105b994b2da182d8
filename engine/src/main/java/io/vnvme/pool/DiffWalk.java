package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import org.jspecify.annotations.Nullable;

/**
 * Finds the blocks at which two volumes or snapshots read from different places; against nothing, those that have data.
 *
 * <p>A block that was written over with the same bytes counts as different.
 */
final class DiffWalk extends Walk {
    private final Pool pool;
    private final @Nullable Layer older;
    private final Layer newer;
    private final RangeSink sink;
    private long rangeStart = -1;
    private long rangeEnd;

    DiffWalk(Pool pool, @Nullable Layer older, Layer newer, RangeSink sink, Done done) {
        super(done);
        this.pool = pool;
        this.older = older;
        this.newer = newer;
        this.sink = sink;
    }

    @Override
    boolean valid() {
        return pool.layers().byId(newer.id()) == newer
                && (older == null || pool.layers().byId(older.id()) == older);
    }

    @Override
    long next(long from) {
        return Math.min(nextBelow(newer, from), nextBelow(older, from));
    }

    @Override
    void look(long at) {
        for (long block = at << 4; block < (at + 1) << 4; block++) {
            if (place(newer, block) == place(older, block)) {
                continue;
            }
            if (rangeStart < 0 || block != rangeEnd) {
                emit();
                rangeStart = block;
            }
            rangeEnd = block + 1;
        }
    }

    private static long place(@Nullable Layer layer, long block) {
        return layer == null || block << Geometry.BLOCK_SHIFT >= layer.record().sizeBytes()
                ? Resolver.ZERO
                : Resolver.resolve(layer, block);
    }

    private void emit() {
        if (rangeStart >= 0) {
            sink.range(rangeStart << Geometry.BLOCK_SHIFT, (rangeEnd - rangeStart) << Geometry.BLOCK_SHIFT);
        }
    }

    @Override
    void finish() {
        emit();
    }
}

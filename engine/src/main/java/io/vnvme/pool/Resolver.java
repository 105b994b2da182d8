package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import org.jspecify.annotations.Nullable;

/** Where a block's data lies, seen through a line of layers. */
final class Resolver {
    /** The block reads zeros. */
    static final long ZERO = -1;

    private static final int BLOCK_IN_CLUSTER = Geometry.CLUSTER_BLOCKS - 1;
    private static final int INDEX_SHIFT = Geometry.CLUSTER_SHIFT - Geometry.BLOCK_SHIFT;

    private Resolver() {}

    /** @return cluster number times 16 plus the block in it, or {@link #ZERO} */
    static long resolve(Layer top, long block) {
        long index = block >>> INDEX_SHIFT;
        int bit = 1 << (int) (block & BLOCK_IN_CLUSTER);
        @Nullable Layer layer = top;
        while (layer != null) {
            long entry = layer.map().entry(index);
            if ((Entry.written(entry) & bit) != 0) {
                return Entry.cluster(entry) << INDEX_SHIFT | block & BLOCK_IN_CLUSTER;
            }
            if ((Entry.zeroed(entry) & bit) != 0 || block >= layer.overlapBlocks()) {
                return ZERO;
            }
            layer = layer.parent();
        }
        return ZERO;
    }

    /** Blocks from {@code block} on that lie side by side, or that all read zeros; at most {@code max}, in one cluster. */
    static int run(Layer top, long block, long resolved, int max) {
        int first = (int) (block & BLOCK_IN_CLUSTER);
        int limit = Math.min(max, Geometry.CLUSTER_BLOCKS - first);
        // What the top layer has lies side by side: mostly that is all of it.
        int here = Entry.written(top.map().entry(block >>> INDEX_SHIFT)) >>> first;
        int length = Math.clamp(Integer.numberOfTrailingZeros(~here), 1, limit);
        while (length < limit) {
            long next = resolve(top, block + length);
            if (next != (resolved == ZERO ? ZERO : resolved + length)) {
                break;
            }
            length++;
        }
        return length;
    }

    /** The blocks of a cluster that have data somewhere below the layer, whether it shows or not, a bit each. */
    static int writtenBelow(Layer top, long index) {
        int blocks = 0;
        for (Layer layer = top.parent(); layer != null; layer = layer.parent()) {
            blocks |= Entry.written(layer.map().entry(index));
        }
        return blocks;
    }
}

package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Counts the space of a volume or snapshot. */
final class UsageWalk extends Walk {
    private final Pool pool;
    private final Layer top;
    private final @Nullable Layer child;
    private final Consumer<PoolUsage> result;
    private long used;
    private long freedByMerge;

    UsageWalk(Pool pool, Layer top, Consumer<PoolUsage> result, Done done) {
        super(done);
        this.pool = pool;
        this.top = top;
        this.child = top.children().size() == 1 ? top.children().getFirst() : null;
        this.result = result;
    }

    @Override
    boolean valid() {
        return pool.layers().byId(top.id()) == top;
    }

    @Override
    long next(long from) {
        long next = nextBelow(top, from);
        return next >= top.lengthClusters() ? Long.MAX_VALUE : next;
    }

    @Override
    void look(long at) {
        int open = Entry.ALL_BLOCKS;
        for (Layer layer = top; layer != null && open != 0; layer = layer.parent()) {
            long entry = layer.map().entry(at);
            used += (Entry.written(entry) & open) != 0 ? 1 : 0;
            open &= ~(Entry.written(entry) | Entry.zeroed(entry)) & layer.overlapping(at);
        }
        if (child != null) {
            freedByMerge += freed(top.map().entry(at), child, at);
        }
    }

    /** Whether merging an entry into the layer above gives a cluster back. */
    private static int freed(long entry, Layer above, long at) {
        if (!Entry.mapped(entry)) {
            return 0;
        }
        long over = above.map().entry(at);
        int shows = Entry.written(entry) & above.overlapping(at) & ~(Entry.written(over) | Entry.zeroed(over));
        return shows == 0 || Entry.mapped(over) ? 1 : 0;
    }

    @Override
    void finish() {
        long exclusive = 0;
        if (top.children().isEmpty()) {
            exclusive = top.map().clusterCount();
            // Hidden layers that only this one stands on go with it.
            for (Layer below = top.parent();
                    below != null && below.hidden() && below.children().size() == 1;
                    below = below.parent()) {
                exclusive += below.map().clusterCount();
            }
        } else if (top.children().size() == 1) {
            exclusive = freedByMerge;
        }
        PoolVolume volume = pool.volumes().get(top.record().name());
        long aside = volume != null && volume.layer() == top ? volume.reservation() : 0;
        used += aside;
        exclusive += aside;
        result.accept(new PoolUsage(used << Geometry.CLUSTER_SHIFT, exclusive << Geometry.CLUSTER_SHIFT));
    }
}

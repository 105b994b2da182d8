package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A node of the tree of snapshots: attributes, a map, what lies below it and what stands on it. */
final class Layer {
    private LayerRecord record;
    private final LayerMap map;
    private final List<Layer> children = new ArrayList<>();
    private @Nullable Layer parent;
    /** Block index from which on nothing shows through. */
    private long overlapBlocks;

    Layer(LayerRecord record, LayerMap map) {
        this.record = record;
        this.map = map;
        this.overlapBlocks = record.overlapBytes() >>> Geometry.BLOCK_SHIFT;
    }

    int id() {
        return record.id();
    }

    LayerRecord record() {
        return record;
    }

    void record(LayerRecord changed) {
        record = changed;
        overlapBlocks = changed.overlapBytes() >>> Geometry.BLOCK_SHIFT;
    }

    LayerMap map() {
        return map;
    }

    @Nullable
    Layer parent() {
        return parent;
    }

    void parent(@Nullable Layer newParent) {
        if (parent != null) {
            parent.children.remove(this);
        }
        parent = newParent;
        if (newParent != null) {
            newParent.children.add(this);
        }
    }

    List<Layer> children() {
        return children;
    }

    boolean hidden() {
        return record.kind() == LayerRecord.Kind.HIDDEN;
    }

    /** Index of the first block at which the parent does not show through. */
    long overlapBlocks() {
        return overlapBlocks;
    }

    /** Clusters of the layer's address space, the last perhaps in part. */
    long lengthClusters() {
        return (record.sizeBytes() + Geometry.CLUSTER_BYTES - 1) >>> Geometry.CLUSTER_SHIFT;
    }

    /** The blocks of a cluster at which the parent may show through, a bit each. */
    int overlapping(long index) {
        long first = index << (Geometry.CLUSTER_SHIFT - Geometry.BLOCK_SHIFT);
        if (parent == null || overlapBlocks <= first) {
            return 0;
        }
        long blocks = overlapBlocks - first;
        return blocks >= Geometry.CLUSTER_BLOCKS ? Entry.ALL_BLOCKS : (1 << blocks) - 1;
    }
}

package io.vnvme.pool;

import io.vnvme.pool.format.Catalog;
import io.vnvme.pool.format.LayerRecord;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All layers of a pool, by id and by name, and which of their attributes the journal does not have yet. */
final class Layers {
    private final LeafStore leaves;
    private final Map<Integer, Layer> byId = new TreeMap<>();
    private final NavigableMap<String, Layer> byName = new TreeMap<>();
    private final Map<Integer, LayerRecord> changed = new LinkedHashMap<>();
    private final Map<Integer, Layer> gone = new LinkedHashMap<>();
    private @Nullable KeptChanges kept;
    private int nextId;

    Layers(LeafStore leaves, int nextId) {
        this.leaves = leaves;
        this.nextId = nextId;
    }

    LeafStore leaves() {
        return leaves;
    }

    int nextId() {
        return nextId;
    }

    int takeId() {
        return nextId++;
    }

    int size() {
        return byId.size();
    }

    Collection<Layer> all() {
        return byId.values();
    }

    /** False when the layer is gone. */
    boolean has(Layer layer) {
        return byId.get(layer.id()) == layer;
    }

    @Nullable
    Layer byId(int id) {
        return byId.get(id);
    }

    @Nullable
    Layer byName(String name) {
        return byName.get(name);
    }

    /** The snapshots under a volume's name, also of a volume that was removed, in the order of their names. */
    List<Layer> snapshotsOf(String volume) {
        return List.copyOf(
                byName.subMap(volume + '@', volume + (char) ('@' + 1)).values());
    }

    /** @throws PoolException when there is no volume or snapshot of that name */
    Layer require(String name) {
        Layer layer = byName.get(name);
        if (layer == null) {
            throw new PoolException(PoolException.Reason.NO_SUCH_NAME, "there is no %s".formatted(name));
        }
        return layer;
    }

    /** A layer that is new, or that changed; its parent is looked up. The journal learns of it with the next commit. */
    Layer put(LayerRecord record) {
        changed.put(record.id(), record);
        if (kept != null) {
            kept.layer(record);
        }
        return load(record);
    }

    /** The same for a layer that was read from the drives. */
    Layer load(LayerRecord record) {
        Layer layer = byId.get(record.id());
        if (layer == null) {
            layer = new Layer(record, new LayerMap(record.id(), record.sizeBytes(), leaves));
            byId.put(record.id(), layer);
        } else {
            byName.remove(layer.record().name(), layer);
            if (layer.record().sizeBytes() != record.sizeBytes()) {
                layer.map().resize(record.sizeBytes());
            }
            layer.record(record);
        }
        nextId = Math.max(nextId, record.id() + 1);
        if (!record.name().isEmpty()) {
            byName.put(record.name(), layer);
        }
        Layer below = layer.parent();
        if ((below == null ? 0 : below.id()) != record.parent()) {
            layer.parent(record.parent() == 0 ? null : byId.get(record.parent()));
        }
        return layer;
    }

    /** A layer that nothing stands on is no more; its clusters are still to be freed. */
    void remove(Layer layer) {
        unlink(layer);
        changed.remove(layer.id());
        gone.put(layer.id(), layer);
        if (kept != null) {
            kept.gone(layer.id());
        }
    }

    /** From now on what changes is kept there, too: of the layers and of what they have. */
    void keepIn(KeptChanges changes) {
        kept = changes;
        leaves.keepIn(changes);
    }

    @Nullable
    KeptChanges kept() {
        return kept;
    }

    /** The same for one that the journal says is gone. */
    void unlink(Layer layer) {
        layer.parent(null);
        byId.remove(layer.id());
        byName.remove(layer.record().name(), layer);
    }

    boolean hasChanges() {
        return !changed.isEmpty() || !gone.isEmpty();
    }

    /** Attributes that changed since the last capture. */
    Collection<LayerRecord> changed() {
        return changed.values();
    }

    /** Layers that went since the last capture. */
    Collection<Layer> gone() {
        return gone.values();
    }

    void captured() {
        changed.clear();
        gone.clear();
    }

    /** Refuses one more than a pool can have. */
    void requireRoom() {
        if (byId.size() >= Catalog.LAYERS_MAX) {
            throw new PoolException(
                    PoolException.Reason.NO_SPACE,
                    "the pool has %d volumes and snapshots: more do not fit".formatted(byId.size()));
        }
    }
}

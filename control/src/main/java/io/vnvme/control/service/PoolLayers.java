package io.vnvme.control.service;

import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.LayerUsage;
import io.vnvme.control.plane.OpenPool;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The volumes and snapshots of a pool at a moment, and what space some take: the pool is asked once for many. */
final class PoolLayers {
    private final Map<String, LayerFacts> byName = new HashMap<>();
    private final Map<String, Integer> snapshots = new HashMap<>();

    private Map<String, LayerUsage> usages = Map.of();

    private PoolLayers() {}

    /**
     * Asks a pool.
     *
     * @param pool none: there are no layers then
     * @param names those whose space is asked for
     */
    static PoolLayers of(Optional<OpenPool> pool, List<String> names) {
        PoolLayers layers = new PoolLayers();
        pool.ifPresent(p -> {
            p.layers().forEach(layers::add);
            layers.usages = p.usages(names);
        });
        return layers;
    }

    private void add(LayerFacts layer) {
        byName.put(layer.name(), layer);
        if (layer.snapshot() && !layer.name().contains(Transfers.UNFINISHED)) {
            snapshots.merge(Names.Snapshot.parse(layer.name()).volume(), 1, Integer::sum);
        }
    }

    Optional<LayerFacts> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    LayerUsage usage(String name) {
        return usages.getOrDefault(name, LayerUsage.NONE);
    }

    /** How many snapshots a volume has. */
    int snapshotsOf(String volume) {
        return snapshots.getOrDefault(volume, 0);
    }
}

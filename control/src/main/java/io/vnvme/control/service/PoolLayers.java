package io.vnvme.control.service;

import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.LayerUsage;
import io.vnvme.control.plane.OpenPool;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The volumes and snapshots of a pool at a moment, and what space some take: the pool is asked once for many. */
final class PoolLayers {
    private static final Logger LOG = System.getLogger(PoolLayers.class.getName());

    private final Map<String, LayerFacts> byName = new HashMap<>();
    private final Map<String, Integer> snapshots = new HashMap<>();

    private Map<String, LayerUsage> usages = Map.of();
    private boolean usagesKnown;
    private Optional<String> failure = Optional.empty();

    private PoolLayers() {}

    /**
     * Asks a pool. One that cannot answer is no reason to show nothing of the others.
     *
     * @param pool none: there are no layers then
     * @param names those whose space is asked for
     */
    static PoolLayers of(Optional<OpenPool> pool, List<String> names) {
        PoolLayers layers = new PoolLayers();
        pool.ifPresent(p -> layers.ask(p, names));
        return layers;
    }

    private void ask(OpenPool pool, List<String> names) {
        try {
            pool.layers().forEach(this::add);
            usages = pool.usages(names);
            usagesKnown = true;
        } catch (RuntimeException e) {
            LOG.log(Level.DEBUG, "pool %s does not say what is in it".formatted(pool.name()), e);
            failure = Optional.of(
                    "its pool %s does not say what space it takes: %s".formatted(pool.name(), e.getMessage()));
        }
    }

    /** Why the pool could not answer. */
    Optional<String> failure() {
        return failure;
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

    /** Nothing when nobody knows. */
    Optional<LayerUsage> usage(String name) {
        return usagesKnown ? Optional.of(usages.getOrDefault(name, LayerUsage.NONE)) : Optional.empty();
    }

    /** How many snapshots a volume has. */
    int snapshotsOf(String volume) {
        return snapshots.getOrDefault(volume, 0);
    }
}

package io.vnvme.control.service;

import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Volumes that were moved to another pool. The state says which of two counts: it is changed when the copy is whole and on its
 * media, and no guest writes meanwhile. A daemon that ends around that moment leaves both; this makes one of them.
 */
final class MovedVolumes {
    private static final Logger LOG = System.getLogger(MovedVolumes.class.getName());

    private MovedVolumes() {}

    /** What the copy is called until the state names its pool. */
    static String unfinished(String vnvme) {
        return Transfers.UNFINISHED + vnvme;
    }

    /** A copy that counts gets its name. Before what is unfinished is removed. */
    static void name(State state, String poolName, OpenPool pool) {
        for (LayerFacts layer : pool.layers()) {
            copied(state, layer)
                    .filter(vnvme -> vnvme.pool().equals(poolName))
                    .ifPresent(vnvme -> pool.rename(layer.name(), vnvme.name()));
        }
    }

    private static Optional<VnvmeRecord> copied(State state, LayerFacts layer) {
        return state.vnvmes().stream()
                .filter(vnvme -> layer.name().equals(unfinished(vnvme.name())))
                .filter(vnvme -> layer.id().toString().equals(vnvme.uuid()))
                .findFirst();
    }

    /** Whether it is what a vNVMe that is in another pool now was once. */
    static boolean left(State state, String poolName, LayerFacts layer) {
        return state.vnvme(layer.name())
                .filter(vnvme -> !vnvme.pool().equals(poolName))
                .filter(vnvme -> vnvme.uuid().equals(layer.id().toString()))
                .isPresent();
    }

    /** Removes what moved volumes have left: in pools that are open, if the pool is open that has them now. */
    static void sweep(State state, OpenPools pools) {
        for (VnvmeRecord vnvme : state.vnvmes()) {
            Optional<OpenPool> home = pools.find(vnvme.pool());
            if (home.isEmpty() || !has(home.get(), vnvme)) {
                continue;
            }
            for (String other : others(state, vnvme.pool())) {
                pools.find(other)
                        .filter(pool -> pool.layers().stream().anyMatch(layer -> left(state, other, layer)))
                        .filter(pool -> named(pool, vnvme))
                        .ifPresent(pool -> sweep(vnvme, other, pool, home.get()));
            }
        }
    }

    /** What cannot be removed now is looked at again with the next pool that is opened, and is in nobody's way. */
    private static void sweep(VnvmeRecord vnvme, String other, OpenPool pool, OpenPool home) {
        String what = "%s is in pool %s: what it has left in pool %s".formatted(vnvme.name(), vnvme.pool(), other);
        try {
            LOG.log(Level.INFO, "{0} is removed", what);
            remove(pool, vnvme.name(), home);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, what + " cannot be removed", e);
        }
    }

    private static List<String> others(State state, String pool) {
        return state.pools().stream()
                .map(record -> record.name())
                .filter(name -> !name.equals(pool))
                .toList();
    }

    private static boolean named(OpenPool pool, VnvmeRecord vnvme) {
        return pool.layers().stream()
                .anyMatch(layer -> layer.name().equals(vnvme.name())
                        && layer.id().toString().equals(vnvme.uuid()));
    }

    private static boolean has(OpenPool pool, VnvmeRecord vnvme) {
        return pool.layers().stream()
                .anyMatch(layer -> layer.id().toString().equals(vnvme.uuid())
                        && (layer.name().equals(vnvme.name()) || layer.name().equals(unfinished(vnvme.name()))));
    }

    /**
     * Removes a volume that is elsewhere now, and those of its snapshots that are there too. The volume last: as long as it is
     * there, it is known that something is left.
     */
    static void remove(OpenPool pool, String name, OpenPool elsewhere) {
        Set<UUID> moved = elsewhere.layers().stream().map(LayerFacts::id).collect(Collectors.toSet());
        pool.layers().stream()
                .filter(layer -> layer.name().startsWith(name + "@") && moved.contains(layer.id()))
                .map(LayerFacts::name)
                .forEach(pool::remove);
        pool.remove(name);
    }

    /** Removes a copy of a volume that does not count, as far as it is there: with what it has of snapshots. */
    static void removeCopy(OpenPool pool, String vnvme, UUID id) {
        String copy = unfinished(vnvme);
        List<LayerFacts> layers = pool.layers();
        if (layers.stream()
                .anyMatch(layer -> layer.name().equals(copy) && !layer.id().equals(id))) {
            return;
        }
        layers.stream()
                .map(LayerFacts::name)
                .filter(layer -> layer.equals(copy) || layer.startsWith(copy + "@"))
                .forEach(pool::remove);
    }
}

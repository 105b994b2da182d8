package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** vNVMes that are on their way to another pool, or another host: what would change both places, or take one away, has to wait. */
final class Moving {
    private final Map<String, Way> underWay = new ConcurrentHashMap<>();

    /**
     * A way to elsewhere.
     *
     * @param words from where to where
     * @param host it leads to another one, or comes from there
     */
    private record Way(Set<String> pools, String words, boolean host) {}

    /** A vNVMe that is on its way until this is closed. */
    final class Held implements AutoCloseable {
        private final String vnvme;

        private Held(String vnvme) {
            this.vnvme = vnvme;
        }

        @Override
        public void close() {
            underWay.remove(vnvme);
        }
    }

    /** @throws ProblemException when it is on its way already */
    Held begin(String vnvme, String from, String to) {
        return begin(vnvme, new Way(Set.of(from, to), "moved from pool %s to %s".formatted(from, to), false));
    }

    /** The same of one that goes to another host, or comes from there. @throws ProblemException as above */
    Held beginMigration(String vnvme, String pool, String vm) {
        return begin(vnvme, new Way(Set.of(pool), "migrated with VM %s".formatted(vm), true));
    }

    private Held begin(String vnvme, Way way) {
        Way other = underWay.putIfAbsent(vnvme, way);
        if (other != null) {
            throw busy(vnvme, other);
        }
        return new Held(vnvme);
    }

    /** @throws ProblemException when it is on its way */
    void requireStill(String vnvme) {
        Way way = underWay.get(vnvme);
        if (way != null) {
            throw busy(vnvme, way);
        }
    }

    /** @throws ProblemException when it is on its way to another host, or from there */
    void requireHere(String vnvme) {
        Way way = underWay.get(vnvme);
        if (way != null && way.host()) {
            throw busy(vnvme, way);
        }
    }

    /** @throws ProblemException when something is on its way to or from the pool */
    void requireStillPool(String pool) {
        underWay.forEach((vnvme, way) -> {
            if (way.pools().contains(pool)) {
                throw busy(vnvme, way);
            }
        });
    }

    private static ProblemException busy(String vnvme, Way way) {
        return new ProblemException(
                ProblemCode.VNVME_IN_USE,
                "%s is being %s: wait until it is there, or cancel that job ('vnvme jobs')"
                        .formatted(vnvme, way.words()));
    }
}

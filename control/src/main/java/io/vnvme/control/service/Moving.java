package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** vNVMes that are on their way to another pool: what would change both places, or take one away, has to wait. */
final class Moving {
    private final Map<String, Way> underWay = new ConcurrentHashMap<>();

    private record Way(String from, String to) {}

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
        Way other = underWay.putIfAbsent(vnvme, new Way(from, to));
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

    /** @throws ProblemException when something is on its way to or from the pool */
    void requireStillPool(String pool) {
        underWay.forEach((vnvme, way) -> {
            if (way.from().equals(pool) || way.to().equals(pool)) {
                throw busy(vnvme, way);
            }
        });
    }

    private static ProblemException busy(String vnvme, Way way) {
        return new ProblemException(
                ProblemCode.VNVME_IN_USE,
                "%s is being moved from pool %s to %s: wait until it is there, or cancel that job ('vnvme jobs')"
                        .formatted(vnvme, way.from(), way.to()));
    }
}

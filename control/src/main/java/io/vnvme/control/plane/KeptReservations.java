package io.vnvme.control.plane;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * A vNVMe's reservations that outlive a power loss: they are kept with its volume, wherever that is. While it is being switched to
 * another pool they wait, and the commands that changed them. On the reactor.
 */
final class KeptReservations {
    private static final Logger LOG = System.getLogger(KeptReservations.class.getName());

    private final String vnvme;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private EnginePool pool;
    /** What the volume may still be called there: a copy that counts has its own name a little later. */
    private String copy;

    private boolean frozen;
    private int underWay;

    KeptReservations(String vnvme, EnginePool pool) {
        this.vnvme = vnvme;
        this.pool = pool;
        this.copy = vnvme;
    }

    void keep(byte[] image, Consumer<Boolean> done) {
        if (frozen) {
            waiting.add(() -> keep(image, done));
            return;
        }
        underWay++;
        pool.keepReservations(pool.has(vnvme) ? vnvme : copy, image, failure -> {
            underWay--;
            if (failure != null) {
                LOG.log(Level.ERROR, "vNVMe %s: its reservations could not be kept".formatted(vnvme), failure);
            }
            done.accept(failure == null);
        });
    }

    /** Begins to keep nothing more. */
    void freeze() {
        frozen = true;
    }

    /** All that was begun is with the volume, or failed. */
    boolean quiet() {
        return underWay == 0;
    }

    /** Goes on with the volume of that name in that pool. */
    void thaw(EnginePool there, String name) {
        pool = there;
        copy = name;
        frozen = false;
        for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
            next.run();
        }
    }
}

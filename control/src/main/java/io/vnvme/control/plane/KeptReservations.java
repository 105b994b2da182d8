package io.vnvme.control.plane;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * A vNVMe's reservations that outlive a power loss: they are kept with its volume, wherever that is. While it is being switched to
 * another pool they wait, and the commands that changed them. On the reactor.
 */
final class KeptReservations {
    private static final Logger LOG = System.getLogger(KeptReservations.class.getName());

    private final String vnvme;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private final UUID volume;
    private EnginePool pool;
    private boolean frozen;
    private int underWay;

    /** @param volume its identity, which it has in any pool, whatever it is called there at the moment */
    KeptReservations(String vnvme, UUID volume, EnginePool pool) {
        this.vnvme = vnvme;
        this.volume = volume;
        this.pool = pool;
    }

    void keep(byte[] image, Consumer<Boolean> done) {
        if (frozen) {
            waiting.add(() -> keep(image, done));
            return;
        }
        underWay++;
        pool.keepReservations(volume, image, failure -> {
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

    /** Goes on with the volume in that pool. */
    void thaw(EnginePool there) {
        pool = there;
        frozen = false;
        for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
            next.run();
        }
    }
}

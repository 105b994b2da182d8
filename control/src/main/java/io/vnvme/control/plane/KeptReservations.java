package io.vnvme.control.plane;

import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.ReservationMemory;
import io.vnvme.os.Mapping;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * A vNVMe's reservations. Those that outlive a power loss are kept with its volume, wherever that is; while it is being switched to
 * another pool they wait, and the commands that changed them. All outlive this process where another goes on. On the reactor.
 */
final class KeptReservations {
    private static final Logger LOG = System.getLogger(KeptReservations.class.getName());

    /** What the next process finds is held under this and the vNVMe's identity. */
    static final String HELD = "reservations/";

    private final String vnvme;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private final UUID volume;
    private EnginePool pool;
    private boolean frozen;
    private int underWay;
    private Optional<Mapping> memory = Optional.empty();

    /** @param volume its identity, which it has in any pool, whatever it is called there at the moment */
    KeptReservations(String vnvme, UUID volume, EnginePool pool) {
        this.vnvme = vnvme;
        this.volume = volume;
        this.pool = pool;
    }

    /**
     * The namespace has what was kept; by another process too, of whose end its hosts have not noticed.
     *
     * @param name of the volume at the moment
     */
    void restore(Namespace namespace, String name) {
        namespace.keepReservations(this::keep, pool.home().call(() -> pool.reservations(name)));
        memory = pool.handover().memory(HELD + volume, ReservationMemory.LAYOUT);
        memory.ifPresent(m -> namespace.rememberReservations(new ReservationMemory(m.segment(), pool.goesOn())));
    }

    /** Not on the reactor: what the next process would find is looked at no more. */
    void leave(Namespace namespace) {
        pool.home().call(() -> {
            namespace.rememberReservations(null);
            return true;
        });
        memory.ifPresent(Mapping::close);
    }

    /** The vNVMe is served no more, and nobody goes on with that. */
    void end(Namespace namespace) {
        leave(namespace);
        if (memory.isPresent()) {
            pool.handover().dropMemory(HELD + volume);
        }
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

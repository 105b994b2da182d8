package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.reactor.Home;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What goes from one reactor to another, one move at a time: a pool with all that is shown of it, or a controller to the pool
 * that it is to show. Called on threads of the control plane.
 */
final class Moves {
    private final Reactors reactors;
    private final Collection<EngineExport> exports;
    private final ReentrantLock lock = new ReentrantLock();

    /** @param exports all that are served or have controllers, whenever it is looked at */
    Moves(Reactors reactors, Collection<EngineExport> exports) {
        this.reactors = reactors;
        this.exports = exports;
    }

    /** Does something while nothing moves. */
    void none(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    /** Moves a pool, with the sockets of its vNVMes and the controllers that show them. Guests wait for a moment. */
    void pool(EnginePool pool, EngineReactor to) {
        none(() -> {
            EngineReactor from = reactors.of(pool.home());
            if (from == to) {
                return;
            }
            checkRoom(pool, to);
            reactors.move(from, to, () -> homes(pool));
            reactors.moved(from, to);
        });
    }

    /** Has a pool served where another one is. */
    void join(EnginePool pool, EnginePool other) {
        none(() -> pool(pool, reactors.of(other.home())));
    }

    /** @throws ProblemException when {@link #join} would not be possible as it is now */
    void checkJoin(EnginePool pool, EnginePool other) {
        none(() -> {
            EngineReactor to = reactors.of(other.home());
            if (reactors.of(pool.home()) != to) {
                checkRoom(pool, to);
            }
        });
    }

    /** Before anything has moved: a host may have no memory for another ring, and a ring has an end. */
    private static void checkRoom(EnginePool pool, EngineReactor to) {
        int drives = pool.onRing();
        int room = drives == 0
                ? 0
                : EngineFailure.translated(
                        () -> to.reactor().call(() -> to.ring().room()));
        if (drives > room) {
            throw new ProblemException(
                    ProblemCode.POOL_REFUSED,
                    "pool %s has %d drives, and %s has room for %d more"
                            .formatted(pool.name(), drives, to.name(), room));
        }
    }

    /** On the pool's reactor: all that has to be where the pool is. */
    private List<Home> homes(EnginePool pool) {
        List<Home> homes = new ArrayList<>();
        homes.add(pool.home());
        for (EngineExport export : exports) {
            if (export.pool() == pool) {
                homes.addAll(export.sockets());
            }
            export.controllers().filter(c -> c.pool() == pool).forEach(c -> homes.add(c.home()));
        }
        return homes;
    }

    /**
     * Does something with a controller and a pool at the same reactor, to which the controller moves if it is elsewhere.
     *
     * @throws ProblemException when it still has commands in another pool
     */
    void together(EngineConnection connection, EnginePool pool, Runnable action) {
        none(() -> {
            if (reactors.all().size() > 1 && connection.pool() != pool && !connection.quiescent()) {
                throw new ProblemException(
                        ProblemCode.GUEST_HOLDS,
                        "the controller still has commands that pool %s has not ended: try again when it has"
                                .formatted(connection.pool().name()));
            }
            EngineReactor from = reactors.of(connection.home());
            EngineReactor to = reactors.of(pool.home());
            if (from != to) {
                reactors.move(from, to, () -> List.of(connection.home()));
            }
            action.run();
        });
    }
}

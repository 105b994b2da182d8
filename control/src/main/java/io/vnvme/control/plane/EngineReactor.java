package io.vnvme.control.plane;

import io.vnvme.drive.uring.DriveRing;
import io.vnvme.qos.Group;
import io.vnvme.qos.Scheduler;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A reactor, and what all that live on it have there: its scheduler, its parts of the groups, its ring. */
final class EngineReactor implements AutoCloseable {
    private static final Logger LOG = System.getLogger(EngineReactor.class.getName());

    private final int index;
    private final int cpu;
    private final OptionalInt node;
    private final IdlePolicy idle;
    private final Reactor reactor;
    private final Scheduler scheduler;
    /** Of the reactor's thread alone, as is the ring, which is made with the first drive that needs it. */
    private final Map<String, Group> groups = new HashMap<>();

    private @Nullable DriveRing ring;

    private EngineReactor(int index, int cpu, OptionalInt node, IdlePolicy idle) {
        this.index = index;
        this.cpu = cpu;
        this.node = node;
        this.idle = idle;
        this.scheduler = new Scheduler(index);
        String name = "reactor-" + index;
        this.reactor = Reactor.start(
                name,
                cpu,
                idle,
                failure -> LOG.log(Level.ERROR, name + ": a part of it failed and was removed", failure));
    }

    /** @param cpu negative: wherever the kernel puts it */
    static EngineReactor start(int index, int cpu, OptionalInt node, IdlePolicy idle) {
        EngineReactor started = new EngineReactor(index, cpu, node, idle);
        // Before anything else is polled: who has waited for credit goes first.
        started.reactor.call(() -> {
            started.reactor.add(started.scheduler);
            return true;
        });
        return started;
    }

    int index() {
        return index;
    }

    String name() {
        return reactor.name();
    }

    int cpu() {
        return cpu;
    }

    OptionalInt node() {
        return node;
    }

    IdlePolicy idle() {
        return idle;
    }

    Reactor reactor() {
        return reactor;
    }

    Scheduler scheduler() {
        return scheduler;
    }

    /** On the reactor's thread: its parts of the groups, by name. */
    Map<String, Group> groups() {
        return groups;
    }

    /** On the reactor's thread: its ring. */
    DriveRing ring() {
        DriveRing current = ring;
        if (current == null) {
            current = DriveRing.open();
            current.attach(reactor);
            ring = current;
        }
        return current;
    }

    @Override
    public void close() {
        reactor.call(() -> {
            DriveRing current = ring;
            if (current != null) {
                current.detach(reactor);
                current.close();
                ring = null;
            }
            return true;
        });
        reactor.close();
    }
}

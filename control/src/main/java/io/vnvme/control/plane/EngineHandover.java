package io.vnvme.control.plane;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.memory.KeptMemory;
import io.vnvme.os.Epoll;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;

/** What an earlier process had held and this one takes up, and what it has held itself. From any thread. */
final class EngineHandover {
    private static final Logger LOG = System.getLogger(EngineHandover.class.getName());

    private final Holder holder;
    /** Guarded by itself. */
    private final Held held;

    /** Those in use, by name. Guarded by the other one. */
    private final Held memories = new Held();

    private volatile boolean settled;
    private volatile Predicate<String> known = _ -> true;
    private final Queue<EngineExport.Adopted> later = new ConcurrentLinkedQueue<>();

    EngineHandover(Holder holder, Held held) {
        this.holder = holder;
        this.held = held;
    }

    Holder holder() {
        return holder;
    }

    /** Whether what another process had is being taken up. */
    boolean underWay() {
        synchronized (held) {
            return !settled && !held.isEmpty();
        }
    }

    Optional<Fd> take(String name) {
        synchronized (held) {
            return held.take(name);
        }
    }

    /** All under that name. */
    Held takeAll(String prefix) {
        synchronized (held) {
            return held.takeAll(prefix);
        }
    }

    /** What could not be used is there for the next one who takes it. */
    void giveBack(String prefix, Held unused) {
        synchronized (held) {
            for (String name : unused.names("")) {
                unused.take(name).ifPresent(fd -> held.add(prefix + name, fd));
            }
        }
    }

    /**
     * Memory that another process finds again under that name; nothing where nobody holds anything.
     *
     * @throws IllegalStateException when another process left some of another size
     */
    Optional<Mapping> memory(String name, KeptMemory.Layout layout) {
        if (holder == Holder.NONE) {
            return Optional.empty();
        }
        synchronized (held) {
            // Who asks again, since it failed the first time, needs what is in it as much.
            Optional<Fd> found = memories.take(name).or(() -> held.take(name));
            Fd memory = found.orElseGet(() -> Memfd.create(layout.name(), layout.sizeBytes()));
            memories.add(name, memory);
            if (found.isEmpty()) {
                holder.keep(name, memory.number());
            }
            KeptMemory.refusal(memory, layout).ifPresent(why -> {
                throw new IllegalStateException(why);
            });
            return Optional.of(Mapping.shared(memory, 0, layout.sizeBytes(), true));
        }
    }

    /** Whether somebody is there to keep what a next process goes on with. */
    boolean hasHolder() {
        return holder != Holder.NONE;
    }

    /** Has a file held under that name; its owner from now on. */
    void hold(String name, Fd fd) {
        holder.keep(name, fd.number());
        synchronized (held) {
            memories.add(name, fd);
        }
    }

    /** Whether something is held under that name, by this process or for it. */
    boolean holds(String name) {
        synchronized (held) {
            return memories.names(name).contains("") || held.names(name).contains("");
        }
    }

    /** What is held under that name; it stays so, and this one's. */
    Optional<Fd> again(String name) {
        synchronized (held) {
            Optional<Fd> found = memories.take(name).or(() -> held.take(name));
            found.ifPresent(fd -> memories.add(name, fd));
            return found;
        }
    }

    /** What is in that memory is needed no more. */
    void dropMemory(String name) {
        holder.drop(name);
        synchronized (held) {
            memories.take(name).ifPresent(Fd::close);
            held.take(name).ifPresent(Fd::close);
        }
    }

    /** A client that goes on when what it was shown is served. */
    void later(EngineExport.Adopted adopted) {
        later.add(adopted);
        if (settled) {
            goOn();
        }
    }

    /** Whoever waited for what is served now, or for what there will never be, goes on. */
    void goOn() {
        if (!settled) {
            return;
        }
        synchronized (later) {
            for (EngineExport.Adopted each : List.copyOf(later)) {
                if (!each.waits(known)) {
                    // In this order: nobody else gets meanwhile what it was shown.
                    each.goOn();
                    later.remove(each);
                }
            }
        }
    }

    /** Whether a client that is connected to another vNVMe's socket was shown this one, and has not gone on yet. */
    boolean expects(String vnvme) {
        return later.stream().anyMatch(each -> each.expects(vnvme));
    }

    /**
     * All is served that can be: who waited for that goes on. What belongs to something that is only away waits for it, and
     * its guests with it; what belongs to nothing any more is let go.
     *
     * @param there of the UUID of a vNVMe, pool or drive, or of the name of a vNVMe: whether there is such a one
     */
    void settled(Predicate<String> there) {
        known = there;
        settled = true;
        goOn();
        synchronized (held) {
            for (String left : held.names("")) {
                if (owner(left).filter(known).isEmpty()) {
                    LOG.log(Level.WARNING, "nobody takes up {0}, which an earlier daemon served: it is let go", left);
                    holder.drop(left);
                    held.take(left).ifPresent(Fd::close);
                }
            }
        }
    }

    /** The UUID in a name, which says whose it is. */
    private static Optional<String> owner(String name) {
        String[] parts = name.split("/", 3);
        return parts.length > 1 ? Optional.of(parts[1]) : Optional.empty();
    }

    /** UUIDs of vNVMes that are not served and whose clients wait since all is settled, and names of those that others were shown. */
    List<String> waiting() {
        if (!settled) {
            return List.of();
        }
        Set<String> waiting = new LinkedHashSet<>();
        synchronized (held) {
            for (String uuid : beginnings(EngineExport.HELD)) {
                if (connected(EngineExport.HELD + uuid + "/")) {
                    waiting.add(uuid);
                }
            }
        }
        later.stream()
                .filter(each -> each.waits(known))
                .forEach(each -> each.shown().ifPresent(waiting::add));
        return List.copyOf(waiting);
    }

    /**
     * Whether a client of a vNVMe that is not served waits. One that is gone meanwhile is let go.
     *
     * @param prefix what its clients are held under
     * @param vnvme its name
     */
    boolean awaited(String prefix, String vnvme) {
        synchronized (held) {
            if (connected(prefix)) {
                return true;
            }
        }
        return expects(vnvme);
    }

    /** With the lock: whether one of the clients is there. What those have left that are not is let go. */
    private boolean connected(String prefix) {
        boolean there = false;
        for (String key : beginnings(prefix)) {
            if (isConnected(prefix + key + "/socket")) {
                there = true;
            } else {
                holder.drop(prefix + key + "/");
                held.takeAll(prefix + key + "/").close();
            }
        }
        return there;
    }

    /** With the lock: what comes between that and the next slash, each once. */
    private Set<String> beginnings(String prefix) {
        Set<String> all = new LinkedHashSet<>();
        held.names(prefix).forEach(name -> all.add(name.substring(0, Math.max(0, name.indexOf('/')))));
        return all;
    }

    private boolean isConnected(String name) {
        Optional<Fd> socket = held.take(name);
        if (socket.isEmpty()) {
            return false;
        }
        held.add(name, socket.get());
        try (Epoll epoll = new Epoll()) {
            epoll.add(socket.get(), Epoll.RDHUP, 0);
            return epoll.await(0) == 0;
        }
    }

    /** What is held for a vNVMe, a pool or a drive that is there no more. */
    void forget(String uuid) {
        synchronized (held) {
            for (String left : held.names("")) {
                if (owner(left).filter(uuid::equals).isPresent()) {
                    holder.drop(left);
                    held.take(left).ifPresent(Fd::close);
                }
            }
        }
    }
}

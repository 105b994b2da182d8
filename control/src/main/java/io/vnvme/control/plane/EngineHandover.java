package io.vnvme.control.plane;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.Queue;
import java.util.SortedSet;
import java.util.TreeSet;
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

    /** Memory that another process finds again under that name; nothing where nobody holds anything. */
    Optional<Mapping> memory(String name, long sizeBytes) {
        if (holder == Holder.NONE) {
            return Optional.empty();
        }
        synchronized (held) {
            Optional<Fd> found = held.take(name).or(() -> memories.take(name));
            try (Fd memory = found.orElseGet(() -> Memfd.create("vnvme-changes", sizeBytes))) {
                Mapping mapping = Mapping.shared(memory, 0, sizeBytes, true);
                if (found.isEmpty()) {
                    holder.keep(name, memory.number());
                }
                // Who asks again, since it failed the first time, needs what is in it as much.
                memories.add(name, memory.duplicate());
                return Optional.of(mapping);
            }
        }
    }

    /** What is in that memory is needed no more. */
    void dropMemory(String name) {
        holder.drop(name);
        synchronized (held) {
            memories.take(name).ifPresent(Fd::close);
        }
    }

    /** A client that goes on when all is served. */
    void later(EngineExport.Adopted adopted) {
        later.add(adopted);
        if (settled) {
            goOn();
        }
    }

    private void goOn() {
        for (EngineExport.Adopted each = later.poll(); each != null; each = later.poll()) {
            each.goOn();
        }
    }

    /**
     * All is served that can be: who waited for that goes on. What belongs to something that is only away waits for it, and
     * its guests with it; what belongs to nothing any more is let go.
     *
     * @param known of the UUID of a vNVMe, pool or drive: whether there is such a one
     */
    void settled(Predicate<String> known) {
        settled = true;
        goOn();
        SortedSet<String> waiting = new TreeSet<>();
        synchronized (held) {
            for (String left : held.names("")) {
                String[] parts = left.split("/", 3);
                if (parts.length > 1 && known.test(parts[1])) {
                    waiting.add(parts[0] + " " + parts[1]);
                    continue;
                }
                LOG.log(Level.WARNING, "nobody takes up {0}, which an earlier daemon served: it is let go", left);
                holder.drop(left);
                held.take(left).ifPresent(Fd::close);
            }
        }
        waiting.forEach(
                each -> LOG.log(Level.WARNING, "{0} cannot be served now: those who use it wait until it can", each));
    }
}

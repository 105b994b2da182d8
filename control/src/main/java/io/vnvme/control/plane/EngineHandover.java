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
import java.util.concurrent.ConcurrentLinkedQueue;

/** What an earlier process had held and this one takes up, and what it has held itself. From any thread. */
final class EngineHandover {
    private static final Logger LOG = System.getLogger(EngineHandover.class.getName());

    private final Holder holder;
    /** Guarded by itself. */
    private final Held held;

    private final Queue<EngineExport.Adopted> later = new ConcurrentLinkedQueue<>();

    EngineHandover(Holder holder, Held held) {
        this.holder = holder;
        this.held = held;
    }

    Holder holder() {
        return holder;
    }

    /** Whether anything that is held is still to be taken up. */
    boolean expected() {
        synchronized (held) {
            return !held.isEmpty();
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
        Optional<Fd> found = take(name);
        try (Fd memory = found.orElseGet(() -> Memfd.create("vnvme-changes", sizeBytes))) {
            Mapping mapping = Mapping.shared(memory, 0, sizeBytes, true);
            if (found.isEmpty()) {
                holder.keep(name, memory.number());
            }
            return Optional.of(mapping);
        }
    }

    /** A client that goes on when all is served. */
    void later(EngineExport.Adopted adopted) {
        later.add(adopted);
    }

    /** All is served that is to be: who waited for that goes on, and what nobody took up is let go. */
    void settled() {
        for (EngineExport.Adopted each = later.poll(); each != null; each = later.poll()) {
            each.goOn();
        }
        synchronized (held) {
            for (String left : held.names("")) {
                LOG.log(Level.WARNING, "nobody takes up {0}, which an earlier daemon served: it is let go", left);
                holder.drop(left);
            }
            held.close();
        }
    }
}

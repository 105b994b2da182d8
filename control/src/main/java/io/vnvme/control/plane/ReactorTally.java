package io.vnvme.control.plane;

import io.vnvme.reactor.Reactor;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What each reactor has ended: the commands of the vNVMes that it serves, and of those that have left it. Nothing is
 * counted for it while commands go by. Safe for all threads.
 */
final class ReactorTally {
    private final Map<Reactor, ReactorCounters> left = new HashMap<>();

    /** A vNVMe goes to another reactor, or away. On that reactor's thread. */
    synchronized void leaves(EngineExport export, Reactor at) {
        left.merge(at, export.take(), ReactorCounters::and);
    }

    /** What it did until now counts for nobody: nobody asked for it. */
    synchronized void forget(EngineExport export) {
        export.take();
    }

    /** What all have ended until now, by name. */
    synchronized Map<String, ReactorCounters> now(List<EngineReactor> reactors, Collection<EngineExport> served) {
        Map<String, ReactorCounters> counters = new LinkedHashMap<>();
        for (EngineReactor reactor : reactors) {
            ReactorCounters all = left.getOrDefault(reactor.reactor(), ReactorCounters.NONE);
            for (EngineExport export : served) {
                if (export.pool().home().reactor() == reactor.reactor()) {
                    all = all.and(export.untaken());
                }
            }
            counters.put(reactor.name(), all);
        }
        return counters;
    }
}

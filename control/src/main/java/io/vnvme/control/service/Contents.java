package io.vnvme.control.service;

import io.vnvme.control.change.Resource;
import io.vnvme.control.event.EventLog;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All resources with what counts as a change of them. How much space a single volume takes is left out: it takes the
 * pool's thread to count, for each, and moves with every write; its pool's is there.
 */
final class Contents {
    private final Registry registry;
    private final DataPlane dataPlane;
    private final Storage storage;
    private final VnvmeView view;
    private final Groups groups;
    private final Jobs jobs;
    private final EventLog events;

    Contents(
            Registry registry,
            DataPlane dataPlane,
            Storage storage,
            VnvmeView view,
            Groups groups,
            Jobs jobs,
            EventLog events) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.storage = storage;
        this.view = view;
        this.groups = groups;
        this.jobs = jobs;
        this.events = events;
    }

    Map<Resource, Object> now() {
        Map<Resource, Object> all = new LinkedHashMap<>();
        storage.drives.list().forEach(d -> all.put(new Resource("drive", d.name()), d));
        storage.pools.list().forEach(p -> all.put(new Resource("pool", p.name()), p));
        registry.state().vnvmes().forEach(v -> all.put(new Resource("vnvme", v.name()), view.content(v)));
        registry.state().pools().stream()
                .flatMap(p -> storage.openPools.find(p.name()).stream())
                .flatMap(pool -> snapshots(pool).stream())
                .forEach(s ->
                        all.put(new Resource("snapshot", s.name()), List.of(s.parent(), s.sizeBytes(), s.createdAt())));
        groups.list().forEach(g -> all.put(new Resource("group", g.name()), g));
        jobs.list().forEach(j -> all.put(new Resource("job", Long.toString(j.id())), j));
        dataPlane
                .reactors()
                .forEach(r -> all.put(new Resource("reactor", r.name()), List.of(r.cpu(), r.idle(), r.pools())));
        events.after(0, Duration.ZERO).forEach(e -> all.put(new Resource("event", Long.toString(e.number())), e));
        return all;
    }

    private static List<LayerFacts> snapshots(OpenPool pool) {
        return pool.layers().stream()
                .filter(l -> l.snapshot() && !l.name().contains(Transfers.UNFINISHED))
                .toList();
    }
}

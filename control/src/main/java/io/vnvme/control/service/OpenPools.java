package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.PoolListener;
import io.vnvme.control.plane.PoolPlan;
import io.vnvme.control.store.OpeningMarks;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Which pools are in use, and why the others are not. */
final class OpenPools {
    private static final Logger LOG = System.getLogger(OpenPools.class.getName());

    /** So often the daemon takes up a pool that it does not survive. */
    private static final int DEATHS_MAX = 3;

    private final Registry registry;
    private final DataPlane dataPlane;
    private final OpenDrives drives;
    private final EventLog events;
    private final OpeningMarks marks;
    private final Map<String, OpenPool> open = new ConcurrentHashMap<>();
    private final Map<String, String> failures = new ConcurrentHashMap<>();
    /** What was said of pools that are to be opened anew and are in use, by name. */
    private final Map<String, String> waiting = new ConcurrentHashMap<>();

    OpenPools(Registry registry, DataPlane dataPlane, OpenDrives drives, EventLog events, OpeningMarks marks) {
        this.marks = marks;
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.drives = drives;
        this.events = events;
    }

    Optional<OpenPool> find(String name) {
        return Optional.ofNullable(open.get(name));
    }

    /** How often in a row the daemon ended while it took that pool up. */
    int deaths(PoolRecord record) {
        return marks.deaths(record.uuid());
    }

    /** All that belongs to opening it is done, and the daemon is still there. */
    void takenUp(PoolRecord record) {
        marks.end(record.uuid());
    }

    /** Why a pool is not in use; nothing when it is. */
    Optional<String> failure(String name) {
        return Optional.ofNullable(failures.get(name));
    }

    /** @throws ProblemException when there is no such pool, or it is not in use */
    OpenPool require(String name) {
        OpenPool pool = open.get(name);
        if (pool != null) {
            return pool;
        }
        record(name);
        throw new ProblemException(
                ProblemCode.POOL_UNAVAILABLE,
                failure(name).orElseGet(() -> "pool %s is not open yet: wait a moment".formatted(name)));
    }

    /** @throws ProblemException when there is no such pool */
    PoolRecord record(String name) {
        State state = registry.state();
        return state.pool(name).orElseThrow(() -> {
            String known = state.pools().stream().map(PoolRecord::name).collect(Collectors.joining(", "));
            String exported = state.exported().stream()
                    .filter(p -> p.name().equals(name))
                    .findFirst()
                    .map(p -> ": it is exported; take it back with 'vnvme pool import %s'".formatted(name))
                    .orElse(
                            known.isEmpty()
                                    ? ": there is none; make one with 'vnvme pool create NAME DRIVE...'"
                                    : ": there are " + known);
            return new ProblemException(ProblemCode.UNKNOWN_POOL, "no pool %s%s".formatted(name, exported));
        });
    }

    void opened(String name, OpenPool pool) {
        open.put(name, pool);
        failures.remove(name);
        waiting.remove(name);
    }

    Optional<OpenPool> closed(String name) {
        failures.remove(name);
        return Optional.ofNullable(open.remove(name));
    }

    /** A pool that stopped could be opened again if nobody used it: said once. */
    void waits(String name, String why) {
        String text = "the drives of pool %s are back; it is opened again when nobody uses it: %s".formatted(name, why);
        if (!text.equals(waiting.put(name, text))) {
            events.add(EventKind.POOL_WAITS, name, text);
        }
    }

    PoolListener listener(String name) {
        return new PoolListener() {
            @Override
            public void event(Event event) {
                events.add(event.kind(), event.subject().isEmpty() ? name : event.subject(), event.text());
            }

            @Override
            public void replica(UUID drive, boolean stale) {
                registry.state().driveById(drive.toString()).ifPresent(d -> noteStale(name, d.name(), stale));
            }
        };
    }

    /** A drive that fell behind must not serve alone after a restart. */
    private void noteStale(String pool, String drive, boolean stale) {
        Optional<PoolRecord> changed = registry.state()
                .pool(pool)
                .filter(record ->
                        record.drives().contains(drive) && record.stale().contains(drive) != stale);
        changed.ifPresent(record -> {
            List<String> all = new ArrayList<>(record.stale());
            all.remove(drive);
            if (stale) {
                all.add(drive);
            }
            registry.update(state -> state.with(record.withStale(all)));
            events.add(
                    stale ? EventKind.MIRROR_DEGRADED : EventKind.MIRROR_WHOLE,
                    drive,
                    stale
                            ? "pool %s goes on without drive %s".formatted(pool, drive)
                            : "drive %s of pool %s has everything again".formatted(drive, pool));
        });
    }

    /**
     * Opens a pool of the state, if its drives are there. A mirror is opened as long as each set has one that was current.
     *
     * @return whether it is open now: then {@link #takenUp} has to follow
     */
    boolean open(PoolRecord record) {
        if (open.containsKey(record.name())) {
            return true;
        }
        int deaths = deaths(record);
        if (deaths >= DEATHS_MAX) {
            failed(
                    record,
                    new ProblemException(
                            ProblemCode.POOL_UNAVAILABLE,
                            "the daemon ended %d times in a row while it was taken up, so it is left alone: 'vnvme pool check %s' reads it; a daemon that is started in %d minutes or later tries again"
                                    .formatted(deaths, record.name(), OpeningMarks.LIFE.toMinutes())));
            return false;
        }
        marks.begin(record.uuid());
        boolean opened = false;
        try {
            openNow(record);
            opened = true;
        } catch (RuntimeException e) {
            unusable(record, e);
        } finally {
            if (!opened) {
                takenUp(record);
            }
        }
        return opened;
    }

    private void failed(PoolRecord record, RuntimeException e) {
        String why = "pool %s is unavailable: %s".formatted(record.name(), e.getMessage());
        if (!why.equals(failures.put(record.name(), why))) {
            LOG.log(e instanceof ProblemException ? Level.DEBUG : Level.ERROR, why, e);
            events.add(EventKind.POOL_UNAVAILABLE, record.name(), why);
        }
    }

    /** It cannot be used, or what is in it cannot be served: it is closed if it was opened. */
    void unusable(PoolRecord record, RuntimeException why) {
        OpenPool pool = open.remove(record.name());
        if (pool != null) {
            try {
                pool.close();
            } catch (RuntimeException e) {
                why.addSuppressed(e);
            }
        }
        failed(record, why);
    }

    private void openNow(PoolRecord record) {
        if (PoolLayout.inMemory(record, registry.state())) {
            boolean kept = record.drives().stream().allMatch(d -> drives.isOpen(d) && dataPlane.kept(drives.id(d)));
            UUID pool = UUID.fromString(record.uuid());
            opened(
                    record.name(),
                    kept ? dataPlane.importPool(pool, false, listener(record.name())) : madeAgain(record));
            return;
        }
        List<String> missing =
                record.drives().stream().filter(d -> !drives.isOpen(d)).toList();
        boolean degraded = !missing.isEmpty();
        if (degraded && !serves(record)) {
            throw new ProblemException(ProblemCode.DRIVE_MISSING, missingText(missing));
        }
        opened(record.name(), dataPlane.importPool(UUID.fromString(record.uuid()), degraded, listener(record.name())));
        missing.forEach(drive -> noteStale(record.name(), drive, true));
    }

    /** Whether each set of a mirror has a drive that is open and was current when it was seen last. */
    private boolean serves(PoolRecord record) {
        return record.layout().equals(PoolPlan.MIRROR)
                && record.sets().stream()
                        .allMatch(set -> set.stream()
                                .anyMatch(
                                        d -> drives.isOpen(d) && !record.stale().contains(d)));
    }

    private String missingText(List<String> missing) {
        return missing.stream()
                        .map(name -> drives.failure(name).orElse("drive %s is missing".formatted(name)))
                        .collect(Collectors.joining("; "))
                + "; it is taken again when it comes back";
    }

    /** What is in RAM ends with the daemon, unless it was held: drives, pool and volumes are made again, empty. */
    private OpenPool madeAgain(PoolRecord record) {
        OpenPool pool = dataPlane.createPool(
                new PoolPlan(
                        UUID.fromString(record.uuid()),
                        record.name(),
                        record.layout(),
                        record.sets().stream()
                                .map(set -> set.stream().map(drives::id).toList())
                                .toList()),
                listener(record.name()));
        for (VnvmeRecord vnvme : registry.state().vnvmesIn(record.name())) {
            if (!vnvme.encrypted()) {
                pool.create(Volumes.spec(vnvme), null);
            }
        }
        return pool;
    }

    List<String> failures() {
        return List.copyOf(failures.values());
    }

    void closeAll() {
        open.forEach((name, pool) -> {
            try {
                pool.close();
            } catch (RuntimeException e) {
                LOG.log(
                        Level.ERROR,
                        "pool %s was not closed cleanly: it recovers at the next start".formatted(name),
                        e);
            }
        });
        open.clear();
    }
}

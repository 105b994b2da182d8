package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.CheckReport;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.HoldWrites;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MovePool;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.ReplaceDrive;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DriveSource;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.PoolPlan;
import io.vnvme.control.store.ExportedPool;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** Drives joined: what can be done with pools, in the shape that the API shows. */
public final class Pools {
    /** A year: longer is until there is space. */
    private static final long HOLD_MAX_SECONDS = 365L * 24 * 3600;

    private static final Logger LOG = System.getLogger(Pools.class.getName());

    private final Registry registry;
    private final DataPlane dataPlane;
    private final OpenDrives drives;
    private final OpenPools pools;
    private final Volumes volumes;
    private final Jobs jobs;
    private final PoolDriveJobs driveJobs;
    private volatile BiConsumer<String, OpenPool> whenOpened = (_, _) -> {};
    /** Names of pools that are to be opened anew. */
    private final Set<String> stopped = ConcurrentHashMap.newKeySet();

    Pools(Registry registry, DataPlane dataPlane, OpenDrives drives, OpenPools pools, Volumes volumes, Jobs jobs) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.drives = drives;
        this.pools = pools;
        this.volumes = volumes;
        this.jobs = jobs;
        this.driveJobs = new PoolDriveJobs(registry, dataPlane, drives, pools, jobs);
    }

    /**
     * All pools of the state are opened after a start, side by side; one that cannot be holds up no other. Those that an earlier
     * daemon may have ended of come last, one by one, the likeliest at the end: so the one that it is stands out.
     */
    void openAll() {
        Map<Integer, List<PoolRecord>> byDeaths = registry.state().pools().stream()
                .collect(Collectors.groupingBy(pools::deaths, TreeMap::new, Collectors.toList()));
        List<PoolRecord> unsuspected = Optional.ofNullable(byDeaths.remove(0)).orElse(List.of());
        List<Thread> openers = unsuspected.stream()
                .map(record -> Thread.ofPlatform().name("pool " + record.name()).start(() -> pools.open(record)))
                .toList();
        openers.forEach(Pools::join);
        // All are looked at before anything goes on: what begins in another pool then is not taken for what an earlier
        // daemon had left there.
        unsuspected.forEach(this::lookAt);
        byDeaths.values().stream().flatMap(List::stream).forEach(record -> {
            if (pools.open(record)) {
                lookAt(record);
            }
        });
        registry.state().pools().forEach(this::goOn);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while pools were opened", e);
        }
    }

    /** @param listener told of each pool that was opened, by its name */
    void whenOpened(BiConsumer<String, OpenPool> listener) {
        this.whenOpened = listener;
    }

    /** Serves what is in a pool that was opened, and goes on with what a restart interrupted. */
    private void opened(PoolRecord record) {
        lookAt(record);
        goOn(record);
    }

    private void lookAt(PoolRecord record) {
        registry.exclusively(() -> {
            try {
                pools.find(record.name()).ifPresent(pool -> volumes.poolOpened(record.name(), pool));
            } catch (RuntimeException e) {
                volumes.endAll(record.name());
                pools.unusable(record, e);
            } finally {
                pools.takenUp(record);
            }
            return record;
        });
    }

    private void goOn(PoolRecord record) {
        pools.find(record.name()).ifPresent(pool -> {
            driveJobs.poolOpened(record.name(), pool);
            whenOpened.accept(record.name(), pool);
        });
    }

    /** A drive that was missing is open: its pool is opened if that was what it waited for, its mirror takes it back. */
    void driveBack(String drive) {
        registry.exclusively(() -> {
            registry.state().poolOf(drive).ifPresent(record -> {
                Optional<OpenPool> pool = pools.find(record.name());
                if (pool.isEmpty()) {
                    if (pools.open(record)) {
                        opened(record);
                    }
                } else if (record.layout().equals(PoolPlan.MIRROR)) {
                    driveJobs.rebuild(record.name(), pool.get(), drives.id(drive));
                } else if (pool.get().facts().doubt().isPresent()) {
                    stopped.add(record.name());
                }
            });
            return drive;
        });
    }

    /** Pools that stopped because a drive was gone, and have all of them again, are opened anew once nobody uses them. */
    void openStopped() {
        for (String name : List.copyOf(stopped)) {
            registry.exclusively(() -> {
                Optional<PoolRecord> record = registry.state().pool(name);
                if (record.isEmpty() || openAgain(record.get())) {
                    stopped.remove(name);
                }
                return name;
            });
        }
    }

    private boolean openAgain(PoolRecord record) {
        try {
            volumes.poolClosing(record.name());
        } catch (ProblemException e) {
            pools.waits(record.name(), e.detail());
            return false;
        }
        pools.closed(record.name()).ifPresent(pool -> {
            try {
                pool.close();
            } catch (RuntimeException e) {
                // It stopped: what its drives hold is read anew, journal and all.
                LOG.log(Level.DEBUG, "pool %s was not closed cleanly".formatted(record.name()), e);
            }
        });
        if (pools.open(record)) {
            opened(record);
        }
        return true;
    }

    public List<PoolInfo> list() {
        List<PoolInfo> infos = new ArrayList<>(
                registry.state().pools().stream().map(this::info).toList());
        registry.state().exported().forEach(e -> infos.add(PoolView.exported(e)));
        return infos;
    }

    /** @throws ProblemException when there is none of that name */
    public PoolInfo show(String name) {
        return list().stream().filter(p -> p.name().equals(name)).findFirst().orElseGet(() -> info(pools.record(name)));
    }

    private PoolInfo info(PoolRecord record) {
        return PoolView.of(record, registry.state(), pools.find(record.name()), pools.failure(record.name()), drives);
    }

    /** Joins claimed drives. */
    public PoolInfo create(CreatePool request) {
        String name = Names.checked(request.name());
        String layout = request.layout() == null ? PoolPlan.CONCAT : request.layout();
        List<String> names = request.drives() == null ? List.of() : request.drives();
        return registry.exclusively(() -> {
            if (registry.state().pool(name).isPresent()
                    || registry.state().exported().stream()
                            .anyMatch(p -> p.name().equals(name))) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN, "there is a pool %s already: choose another name".formatted(name));
            }
            names.forEach(drives::requireFree);
            List<List<String>> sets = PoolLayout.sets(layout, names);
            PoolLayout.checkKinds(name, names, registry.state());
            PoolRecord record = new PoolRecord(name, UUID.randomUUID().toString(), layout, sets, List.of());
            try (Steps steps = new Steps("create pool " + name)) {
                OpenPool pool = steps.get(
                        "write pool",
                        () -> HostFailure.shown(
                                "pool %s could not be made".formatted(name),
                                () -> dataPlane.createPool(
                                        new PoolPlan(UUID.fromString(record.uuid()), name, layout, ids(sets)),
                                        pools.listener(name))),
                        () -> undoCreate(name, names));
                pools.opened(name, pool);
                steps.run("save state", () -> registry.update(state -> state.with(record)));
                steps.done();
            }
            return show(name);
        });
    }

    private void undoCreate(String name, List<String> names) {
        pools.closed(name).ifPresent(OpenPool::close);
        names.forEach(d -> dataPlane.freeDrive(drives.id(d), d));
    }

    private List<List<UUID>> ids(List<List<String>> sets) {
        return sets.stream().map(set -> set.stream().map(drives::id).toList()).toList();
    }

    /** Ends a pool and all that is in it; its drives stay claimed and are free. */
    public PoolInfo destroy(String name, boolean force) {
        return registry.exclusively(() -> {
            PoolRecord record = pools.record(name);
            PoolInfo info = info(record);
            List<VnvmeRecord> inside = registry.state().vnvmesIn(name);
            if (!force && !inside.isEmpty()) {
                throw new ProblemException(
                        ProblemCode.POOL_NOT_EMPTY,
                        "pool %s holds %s: remove them first, or destroy all with --force"
                                .formatted(
                                        name,
                                        inside.stream().map(VnvmeRecord::name).collect(Collectors.joining(", "))));
            }
            volumes.poolClosing(name);
            registry.update(state -> inside.stream()
                    .map(VnvmeRecord::name)
                    .reduce(state, State::withoutVnvme, (_, last) -> last)
                    .withoutPool(name));
            pools.closed(name).ifPresent(OpenPool::close);
            dataPlane.forget(UUID.fromString(record.uuid()));
            record.drives().stream().filter(drives::isOpen).forEach(d -> dataPlane.freeDrive(drives.id(d), d));
            return info;
        });
    }

    /** Adds drives. */
    public PoolInfo grow(String name, DriveNames request) {
        List<String> names = request.drives() == null ? List.of() : request.drives();
        return registry.exclusively(() -> {
            OpenPool pool = pools.require(name);
            PoolRecord record = pools.record(name);
            names.forEach(drives::requireFree);
            List<List<String>> added = PoolLayout.added(record, names);
            List<String> all = new ArrayList<>(record.drives());
            all.addAll(names);
            PoolLayout.checkKinds(name, all, registry.state());
            // The state first: a crash in between leaves drives that the pool's superblocks do not name yet.
            List<List<String>> sets = new ArrayList<>(record.sets());
            sets.addAll(added);
            registry.update(state -> state.with(record.withSets(sets)));
            try {
                HostFailure.shown("pool %s could not be grown".formatted(name), () -> pool.grow(ids(added)));
            } catch (RuntimeException e) {
                registry.update(state -> state.with(record));
                throw e;
            }
            return show(name);
        });
    }

    /** Begins to move everything off a drive, and takes it out. */
    public JobInfo shrink(String name, DriveNames request) {
        return driveJobs.shrink(name, request);
    }

    /** Begins to fill a drive in the place of another of a mirror. */
    public JobInfo replace(String name, ReplaceDrive request) {
        return driveJobs.replace(name, request);
    }

    /** Sets how long writes wait when the pool is full; those too that wait now. */
    public PoolInfo holdWrites(String name, HoldWrites request) {
        Long seconds = request.seconds();
        if (seconds != null && (seconds < 0 || seconds > HOLD_MAX_SECONDS)) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "%d s: writes wait for 0 to %d s, or until there is space".formatted(seconds, HOLD_MAX_SECONDS));
        }
        OpenPool pool = pools.require(name);
        HostFailure.shown("pool %s could not be changed".formatted(name), () -> {
            pool.holdWrites(seconds == null ? Long.MAX_VALUE : seconds * 1000);
            return pool;
        });
        return show(name);
    }

    /** Has another reactor serve it, with its vNVMes. */
    public PoolInfo move(String name, MovePool request) {
        OpenPool pool = pools.require(name);
        HostFailure.shown("pool %s could not be moved".formatted(name), () -> {
            dataPlane.movePool(pool, request.reactor());
            return pool;
        });
        return show(name);
    }

    /** Begins to read and check everything. */
    public JobInfo scrub(String name) {
        OpenPool pool = pools.require(name);
        return scrub(name, pool, new JobPlan.Scrub(pool.id().toString(), null));
    }

    /** @param plan says where it begins */
    JobInfo scrub(String name, OpenPool pool, JobPlan.Scrub plan) {
        return jobs.start(plan, name, true, progress -> {
            String result = pool.scrub(
                    Optional.ofNullable(plan.mark()),
                    progress,
                    mark -> progress.mark(new JobPlan.Scrub(plan.pool(), mark)));
            String without = show(name).members().stream()
                    .filter(m -> !m.state().equals("ok"))
                    .map(m -> "%s is %s".formatted(m.drive(), m.state()))
                    .collect(Collectors.joining(", "));
            return without.isEmpty() ? result : result + " on the drives that are there; " + without;
        });
    }

    /** Reads all metadata of a pool that is not in use, and changes nothing. */
    public CheckReport check(String name) {
        if (pools.find(name).isPresent()) {
            throw new ProblemException(
                    ProblemCode.POOL_IN_USE,
                    "pool %s is in use: 'vnvme pool scrub %1$s' checks it as it is, or export it first"
                            .formatted(name));
        }
        Optional<ExportedPool> exported = registry.state().exported().stream()
                .filter(p -> p.name().equals(name))
                .findFirst();
        List<DriveSource> sources = exported.isPresent()
                ? exported.get().paths().stream().map(PoolImport::source).toList()
                : pools.record(name).drives().stream()
                        .flatMap(d -> registry.state().drive(d).stream())
                        .map(d -> new DriveSource(d.kind(), d.path(), 0))
                        .toList();
        return HostFailure.shown("pool %s could not be checked".formatted(name), () -> dataPlane.check(name, sources));
    }
}

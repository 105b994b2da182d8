package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ByteSize;
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
import io.vnvme.control.plane.Progress;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.ExportedPool;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
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
    /** Names of pools that are to be opened anew. */
    private final Set<String> stopped = ConcurrentHashMap.newKeySet();

    Pools(Registry registry, DataPlane dataPlane, OpenDrives drives, OpenPools pools, Volumes volumes, Jobs jobs) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.drives = drives;
        this.pools = pools;
        this.volumes = volumes;
        this.jobs = jobs;
    }

    /** All pools of the state are opened after a start, side by side; one that cannot be holds up no other. */
    void openAll() {
        List<Thread> openers = registry.state().pools().stream()
                .map(record -> Thread.ofPlatform().name("pool " + record.name()).start(() -> pools.open(record)))
                .toList();
        openers.forEach(Pools::join);
        registry.state().pools().forEach(this::opened);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while pools were opened", e);
        }
    }

    /** Serves what is in a pool that was opened, and goes on with what a restart interrupted. */
    private void opened(PoolRecord record) {
        pools.find(record.name()).ifPresent(pool -> {
            volumes.poolOpened(record.name(), pool);
            pool.interrupted().forEach((drive, work) -> goOn(record.name(), pool, drive, work));
        });
    }

    private JobInfo goOn(String name, OpenPool pool, UUID drive, String work) {
        String driveName = driveName(drive);
        if (work.equals("shrink")) {
            return jobs.startLasting("shrink", driveName, progress -> shrinkNow(name, driveName, progress));
        }
        return jobs.startLasting("rebuild", driveName, progress -> {
            pool.rejoin(drive, progress);
            return "%s is a full member of %s again".formatted(driveName, name);
        });
    }

    private String driveName(UUID drive) {
        return registry.state()
                .driveById(drive.toString())
                .map(ClaimedDrive::name)
                .orElse(drive.toString());
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
                    goOn(record.name(), pool.get(), drives.id(drive), "rebuild");
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
            names.forEach(this::requireFree);
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

    /** @throws ProblemException when a drive is not there to be put into a pool */
    private void requireFree(String drive) {
        State state = registry.state();
        if (state.drive(drive).isEmpty()) {
            throw new ProblemException(
                    ProblemCode.DRIVE_NOT_CLAIMED,
                    "no claimed drive %s: take control of it first ('vnvme drive claim %1$s')".formatted(drive));
        }
        state.poolOf(drive).ifPresent(pool -> {
            throw new ProblemException(
                    ProblemCode.DRIVE_IN_USE, "drive %s belongs to pool %s".formatted(drive, pool.name()));
        });
        drives.failure(drive).ifPresent(failure -> {
            throw new ProblemException(ProblemCode.DRIVE_MISSING, failure);
        });
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
            names.forEach(this::requireFree);
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
        List<String> names = request.drives() == null ? List.of() : request.drives();
        if (names.size() != 1) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "%d drives: name the one to take out".formatted(names.size()));
        }
        String drive = names.getFirst();
        OpenPool pool = pools.require(name);
        PoolRecord record = pools.record(name);
        requireMember(record, drive);
        if (record.sets().size() == 1) {
            throw new ProblemException(
                    ProblemCode.POOL_REFUSED,
                    "pool %s would have no drive left: remove its volumes and destroy it instead".formatted(name));
        }
        long freeBytes = pool.facts().freeBytes();
        long leavingBytes = PoolLayout.setOf(record, drive).stream()
                .mapToLong(d ->
                        registry.state().drive(d).map(ClaimedDrive::sizeBytes).orElse(0L))
                .min()
                .orElse(0);
        if (freeBytes < leavingBytes && pool.facts().usedBytes() > pool.facts().sizeBytes() - leavingBytes) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "what is on %s does not fit on the others: pool %s has %s free; remove something or grow it first"
                            .formatted(drive, name, ByteSize.format(freeBytes)));
        }
        return jobs.startLasting("shrink", drive, progress -> shrinkNow(name, drive, progress));
    }

    private String shrinkNow(String name, String drive, Progress progress) {
        HostFailure.shown(
                "pool %s could not be shrunk".formatted(name),
                () -> pools.require(name).shrink(drives.id(drive), progress));
        return registry.exclusively(() -> {
            PoolRecord record = pools.record(name);
            List<String> out = PoolLayout.setOf(record, drive);
            List<List<String>> sets =
                    record.sets().stream().filter(set -> !set.equals(out)).toList();
            registry.update(state -> state.with(record.withSets(sets)));
            out.stream().filter(drives::isOpen).forEach(d -> dataPlane.freeDrive(drives.id(d), d));
            return "%s left pool %s and is free".formatted(String.join(", ", out), name);
        });
    }

    private static void requireMember(PoolRecord record, String drive) {
        if (!record.drives().contains(drive)) {
            throw new ProblemException(
                    ProblemCode.UNKNOWN_DRIVE,
                    "pool %s has no drive %s: it has %s"
                            .formatted(record.name(), drive, String.join(", ", record.drives())));
        }
    }

    /** Begins to fill a drive in the place of another of a mirror. */
    public JobInfo replace(String name, ReplaceDrive request) {
        String old = Names.checked(request.old());
        String replacement = Names.checked(request.replacement());
        OpenPool pool = pools.require(name);
        return registry.exclusively(() -> {
            PoolRecord record = pools.record(name);
            requireMember(record, old);
            if (old.equals(replacement) && record.layout().equals(PoolPlan.MIRROR)) {
                return takeBack(name, pool, old);
            }
            if (!record.layout().equals(PoolPlan.MIRROR)) {
                throw new ProblemException(
                        ProblemCode.POOL_REFUSED,
                        "pool %s is no mirror: grow it by %s, then shrink it by %s".formatted(name, replacement, old));
            }
            requireFree(replacement);
            PoolLayout.checkLarge(registry.state(), PoolLayout.setOf(record, old), replacement);
            UUID oldId = drives.id(old);
            UUID newId = drives.id(replacement);
            registry.update(state -> state.with(PoolLayout.replaced(record, old, replacement)));
            return jobs.startLasting("rebuild", replacement, progress -> {
                HostFailure.shown(
                        "%s could not replace %s".formatted(replacement, old),
                        () -> pool.replace(oldId, newId, progress));
                if (drives.isOpen(old)) {
                    dataPlane.freeDrive(oldId, old);
                }
                return "%s is a full member of %s in the place of %s".formatted(replacement, name, old);
            });
        });
    }

    /** A drive of a mirror that failed, and is good again: it gets what it lacks. */
    private JobInfo takeBack(String name, OpenPool pool, String drive) {
        if (!drives.isOpen(drive)) {
            throw new ProblemException(
                    ProblemCode.DRIVE_MISSING, drives.failure(drive).orElse("drive %s is missing".formatted(drive)));
        }
        return goOn(name, pool, drives.id(drive), "rebuild");
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
        return jobs.start("scrub", name, true, progress -> {
            String result = pool.scrub(progress);
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

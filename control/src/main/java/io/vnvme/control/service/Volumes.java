package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.StepInfo;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.plane.VolumeSpec;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.GivenTo;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.crypto.VolumeKey;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Volumes of the pools and the vNVMes that show them: made, changed, removed. */
final class Volumes {
    private static final Logger LOG = System.getLogger(Volumes.class.getName());

    private final Registry registry;
    private final OpenPools pools;
    private final Exports exports;
    private final Keys keys;
    private final Jobs jobs;
    private final Moving moving = new Moving();

    Volumes(Registry registry, OpenPools pools, Exports exports, Keys keys, Jobs jobs) {
        this.registry = registry;
        this.pools = pools;
        this.exports = exports;
        this.keys = keys;
        this.jobs = jobs;
    }

    /** A new vNVMe and how it came to be. */
    record Created(VnvmeRecord vnvme, long micros, List<StepInfo> steps) {}

    Exports exports() {
        return exports;
    }

    /** Those that are on their way to another pool. */
    Moving moving() {
        return moving;
    }

    /** @throws ProblemException when there is none of that name */
    VnvmeRecord require(String name) {
        return registry.state().vnvme(name).orElseThrow(() -> {
            int count = registry.state().vnvmes().size();
            return new ProblemException(
                    ProblemCode.UNKNOWN_VNVME,
                    count == 0
                            ? "no vNVMe %s: there is none yet; make one with 'vnvme create NAME --size 20G'"
                                    .formatted(name)
                            : "no vNVMe %s: see 'vnvme ls'".formatted(name));
        });
    }

    /** @throws ProblemException when it is not served */
    Export requireExport(String name) {
        return exports.find(name)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.VNVME_UNAVAILABLE,
                        "vNVMe %s is unavailable: %s"
                                .formatted(name, failure(name).orElse("it is being removed"))));
    }

    /** Why it is not served; nothing when it is. */
    Optional<String> failure(String name) {
        return exports.failure(name).or(() -> registry.state().vnvme(name).flatMap(v -> pools.failure(v.pool())));
    }

    /** The pool of a vNVMe. @throws ProblemException when it is not in use */
    OpenPool poolOf(String name) {
        return pools.require(require(name).pool());
    }

    static VolumeSpec spec(VnvmeRecord vnvme) {
        return new VolumeSpec(
                vnvme.name(),
                UUID.fromString(vnvme.uuid()),
                vnvme.sizeBytes(),
                vnvme.blockSizeBytes(),
                vnvme.thick(),
                vnvme.checksum(),
                Instant.parse(vnvme.createdAt()),
                new VolumeAttributes(vnvme.msi(), Names.checkedDoorbells(vnvme.doorbells()), null).bytes());
    }

    /** @throws ProblemException when the name is a vNVMe's, or still has snapshots of one that is gone */
    void checkFree(String name, OpenPool pool) {
        requireStill(name);
        if (registry.state().vnvme(name).isPresent()) {
            throw new ProblemException(
                    ProblemCode.NAME_TAKEN, "there is a vNVMe %s already: choose another name".formatted(name));
        }
        String left = pool.layers().stream()
                .map(LayerFacts::name)
                .filter(layer -> layer.startsWith(name + "@"))
                .collect(Collectors.joining(", "));
        if (!left.isEmpty()) {
            throw new ProblemException(
                    ProblemCode.NAME_TAKEN,
                    "there are snapshots of an earlier %s (%s): remove them, or choose another name"
                            .formatted(name, left));
        }
    }

    /** @param poolName the pool it goes to */
    Created create(CreateVnvme request, String poolName) {
        return create(request, poolName, List.of(), Access.USUAL);
    }

    /**
     * @param poolName the pool it goes to
     * @param hosts those that may connect over TCP
     * @param access how it is reached
     */
    Created create(CreateVnvme request, String poolName, List<String> hosts, Access access) {
        String name = Names.checked(request.name());
        long sizeBytes = Names.checkedSize(request.sizeBytes());
        int blockSizeBytes = Names.checkedBlockSize(request.blockSizeBytes());
        return registry.exclusively(() -> {
            OpenPool pool = pools.require(poolName);
            checkFree(name, pool);
            checkThick(request.thick(), sizeBytes, poolName, pool);
            Keys.Made key = keys.make(request.key());
            VolumeAttributes attributes =
                    new VolumeAttributes(request.msi(), Names.checkedDoorbells(request.doorbells()), key.slots());
            VolumeSpec spec = new VolumeSpec(
                    name,
                    UUID.randomUUID(),
                    sizeBytes,
                    blockSizeBytes,
                    request.thick(),
                    request.checksum(),
                    Instant.now(),
                    attributes.bytes());
            VnvmeRecord vnvme = Identifiers.record(spec, poolName, attributes)
                    .withKeyFile(key.file())
                    .withQos(Groups.checked(registry.state(), request.qos()))
                    .withHosts(hosts)
                    .withAccess(access);
            VolumeKey secret = key.key();
            try {
                Created created = made(vnvme, pool, true, () -> pool.create(spec, secret));
                keys.opened(spec.id(), key);
                return created;
            } finally {
                if (secret != null) {
                    secret.close();
                }
            }
        });
    }

    /** A volume that was filled gets its name and is served, all or nothing. */
    void filled(String unfinished, String name, OpenPool pool, Qos qos, @Nullable String keyFile) {
        registry.exclusively(() -> {
            checkFree(Names.checked(name), pool);
            VnvmeRecord vnvme = reconciled(pool.name(), Snapshots.require(pool, unfinished), null)
                    .named(name)
                    .withKeyFile(keyFile)
                    .withQos(Groups.still(registry.state(), qos));
            try (Steps steps = new Steps("import " + name)) {
                steps.run("name", () -> pool.rename(unfinished, name), () -> pool.rename(name, unfinished));
                steps.run("serve", () -> exports.serve(vnvme, pool), () -> exports.end(name));
                steps.run("save state", () -> registry.update(state -> state.with(vnvme)));
                steps.done();
            }
            return name;
        });
    }

    static void checkThick(boolean thick, long sizeBytes, String poolName, OpenPool pool) {
        long freeBytes = pool.facts().freeBytes();
        if (thick && sizeBytes > freeBytes) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "%s thick do not fit: pool %s has %s free; ask for less or grow the pool; a thin one takes space as it is written"
                            .formatted(ByteSize.format(sizeBytes), poolName, ByteSize.format(freeBytes)));
        }
    }

    /** A volume that begins as a snapshot. */
    Created cloneOf(Names.Snapshot source, String name, boolean msi) {
        Names.checked(name);
        return registry.exclusively(() -> {
            OpenPool pool = Snapshots.poolWith(pools, registry.state(), source.name());
            LayerFacts layer = Snapshots.require(pool, source.name());
            checkFree(name, pool);
            VolumeAttributes origin = VolumeAttributes.parse(layer.attributes());
            VolumeAttributes attributes =
                    new VolumeAttributes(msi, origin.doorbells(), Keys.readable(source.name(), origin));
            VolumeSpec spec = new VolumeSpec(
                    name,
                    UUID.randomUUID(),
                    layer.sizeBytes(),
                    layer.blockSizeBytes(),
                    layer.thick(),
                    layer.checksum(),
                    Instant.now(),
                    attributes.bytes());
            String keyFile = registry.state()
                    .vnvme(source.volume())
                    .map(VnvmeRecord::keyFile)
                    .orElse(null);
            VnvmeRecord vnvme =
                    Identifiers.record(spec, pool.name(), attributes).withKeyFile(keyFile);
            return made(
                    vnvme,
                    pool,
                    !vnvme.encrypted(),
                    () -> pool.cloneOf(source.name(), name, spec.id(), spec.attributes()));
        });
    }

    /** @param unlocked nothing stands between making it and serving it; else its key file is tried first */
    private Created made(VnvmeRecord vnvme, OpenPool pool, boolean unlocked, Runnable make) {
        String name = vnvme.name();
        try (Steps steps = new Steps("create " + name)) {
            steps.run(
                    "make volume",
                    () -> HostFailure.shown("%s could not be made in pool %s".formatted(name, pool.name()), make),
                    () -> pool.remove(name));
            if (unlocked || keys.unlockUnasked(vnvme, pool)) {
                steps.run("serve", () -> exports.serve(vnvme, pool), () -> exports.end(name));
            } else {
                exports.failed(name, Keys.LOCKED.formatted(name));
            }
            steps.run("save state", () -> registry.update(state -> state.with(vnvme)));
            steps.done();
            return new Created(vnvme, steps.micros(), steps.taken());
        }
    }

    /** Removes a vNVMe that no client is shown. Its snapshots stay. */
    void remove(String name) {
        registry.exclusively(() -> {
            VnvmeRecord vnvme = require(name);
            requireStill(name);
            OpenPool pool = pools.require(vnvme.pool());
            exports.retire(name);
            try {
                HostFailure.shown("%s could not be removed".formatted(name), () -> pool.remove(name));
            } catch (RuntimeException e) {
                exports.serveOrNote(vnvme, pool);
                throw e;
            }
            registry.update(state -> state.withoutVnvme(name));
            keys.forget(vnvme.uuid());
            return name;
        });
    }

    /** @throws ProblemException when it makes no sense, or would cut off data */
    VnvmeRecord resize(String name, long sizeBytes, boolean shrink) {
        Names.checkedSize(sizeBytes);
        return registry.exclusively(() -> {
            VnvmeRecord vnvme = require(name);
            requireStill(name);
            OpenPool pool = pools.require(vnvme.pool());
            if (sizeBytes == vnvme.sizeBytes()) {
                throw new ProblemException(
                        ProblemCode.BAD_SIZE, "%s has %s already".formatted(name, ByteSize.format(sizeBytes)));
            }
            if (sizeBytes < vnvme.sizeBytes() && !shrink) {
                throw new ProblemException(
                        ProblemCode.BAD_SIZE,
                        "%s has %s: --shrink makes it smaller, if nothing is written beyond %s"
                                .formatted(name, ByteSize.format(vnvme.sizeBytes()), ByteSize.format(sizeBytes)));
            }
            checkThick(vnvme.thick(), Math.max(0, sizeBytes - vnvme.sizeBytes()), vnvme.pool(), pool);
            HostFailure.shown("%s could not be resized".formatted(name), () -> pool.resize(name, sizeBytes, shrink));
            exports.find(name).ifPresent(Export::resized);
            VnvmeRecord resized = vnvme.sized(sizeBytes);
            registry.update(state -> state.with(resized));
            return resized;
        });
    }

    /** Gives a vNVMe that no client is shown another name; its identifiers stay. */
    VnvmeRecord rename(String name, @Nullable String wanted) {
        String newName = Names.checked(wanted);
        return registry.exclusively(() -> {
            VnvmeRecord vnvme = require(name);
            requireStill(name);
            OpenPool pool = pools.require(vnvme.pool());
            checkFree(newName, pool);
            VnvmeRecord renamed = vnvme.named(newName);
            exports.retire(name);
            try (Steps steps = new Steps("rename " + name)) {
                steps.run(
                        "rename volume",
                        () -> HostFailure.shown(
                                "%s could not be renamed".formatted(name), () -> pool.rename(name, newName)),
                        () -> pool.rename(newName, name));
                steps.run("save state", () -> registry.update(state -> state.renamed(name, renamed)));
                steps.done();
            } catch (RuntimeException e) {
                exports.serveOrNote(vnvme, pool);
                throw e;
            }
            exports.serveOrNote(renamed, pool);
            return renamed;
        });
    }

    /** Makes a vNVMe that no client is shown again what its snapshot is. */
    VnvmeRecord rollback(String name, String snapshot) {
        return registry.exclusively(() -> {
            VnvmeRecord vnvme = require(name);
            requireStill(name);
            OpenPool pool = pools.require(vnvme.pool());
            LayerFacts layer = Snapshots.require(pool, name + "@" + Names.checked(snapshot));
            exports.retire(name);
            try {
                HostFailure.shown(
                        "%s could not be rolled back".formatted(name), () -> pool.rollback(name, layer.name()));
            } catch (RuntimeException e) {
                exports.serveOrNote(vnvme, pool);
                throw e;
            }
            VnvmeRecord rolledBack = vnvme.sized(layer.sizeBytes());
            registry.update(state -> state.with(rolledBack));
            exports.serveOrNote(rolledBack, pool);
            return rolledBack;
        });
    }

    /** Opens an encrypted vNVMe and serves it. */
    void unlock(String name, @Nullable KeySource key) {
        registry.exclusively(() -> {
            VnvmeRecord vnvme = require(name);
            OpenPool pool = pools.require(vnvme.pool());
            boolean open = vnvme.encrypted() && exports.find(name).isPresent();
            // A key file that is named is checked, and noted, also when the volume is open.
            keys.unlock(vnvme, pool, key);
            if (!open) {
                exports.serve(vnvme, pool);
            }
            if (key != null && key.file() != null) {
                registry.update(state -> state.with(vnvme.withKeyFile(key.file())));
            }
            return name;
        });
    }

    /** @throws ProblemException when a volume of a pool that is to come has the name of one that is here */
    void checkNames(String poolName, OpenPool pool) {
        pool.layers().stream().filter(layer -> !layer.snapshot()).forEach(layer -> moving.requireHere(layer.name()));
        String taken = pool.layers().stream()
                .filter(layer -> !layer.snapshot())
                .map(LayerFacts::name)
                .filter(name -> registry.state()
                        .vnvme(name)
                        .filter(v -> !v.pool().equals(poolName))
                        .isPresent())
                .collect(Collectors.joining(", "));
        if (!taken.isEmpty()) {
            throw new ProblemException(
                    ProblemCode.NAME_TAKEN,
                    "pool %s holds %s, and there are vNVMes of that name here: rename those first"
                            .formatted(poolName, taken));
        }
    }

    /**
     * Makes the state say what a pool holds - a crash may have come between a change to the one and to the other - and
     * serves it.
     */
    void poolOpened(String poolName, OpenPool pool) {
        MovedVolumes.name(registry.state(), poolName, pool);
        removeUnfinished(pool);
        List<LayerFacts> layers = pool.layers().stream()
                .filter(l -> !l.snapshot() && !l.name().startsWith(Transfers.UNFINISHED))
                .filter(l -> !MovedVolumes.left(registry.state(), poolName, l))
                .toList();
        Map<String, VnvmeRecord> known = registry.state().vnvmesIn(poolName).stream()
                .collect(Collectors.toMap(VnvmeRecord::uuid, Function.identity()));
        State before = registry.state();
        State state = before;
        Set<String> there = layers.stream().map(l -> l.id().toString()).collect(Collectors.toSet());
        for (VnvmeRecord record : known.values()) {
            if (!there.contains(record.uuid())) {
                LOG.log(Level.WARNING, "vNVMe {0} is not in pool {1}: it is forgotten", record.name(), poolName);
                state = state.withoutVnvme(record.name());
            }
        }
        List<VnvmeRecord> served = new ArrayList<>();
        for (LayerFacts layer : layers) {
            VnvmeRecord record =
                    reconciled(poolName, layer, known.get(layer.id().toString()));
            VnvmeRecord old = known.get(layer.id().toString());
            state = old == null ? state.with(record) : state.renamed(old.name(), record);
            served.add(record);
        }
        if (!state.equals(before)) {
            State after = state;
            registry.update(_ -> after);
        }
        MovedVolumes.sweep(registry.state(), pools);
        for (VnvmeRecord record : served) {
            if (record.givenTo() != null) {
                exports.failed(record.name(), given(record, record.givenTo()));
            } else if (record.encrypted() && !keys.unlockUnasked(record, pool)) {
                exports.failed(record.name(), Keys.LOCKED.formatted(record.name()));
            } else {
                exports.serveOrNote(record, pool);
            }
        }
    }

    /** What an export, import or move left that does not go on. */
    private void removeUnfinished(OpenPool pool) {
        Set<String> kept = jobs.interrupted().stream()
                .flatMap(job -> job.plan().layer().stream())
                .collect(Collectors.toSet());
        pool.layers().stream()
                .filter(layer -> layer.name().contains(Transfers.UNFINISHED)
                        && !kept.contains(layer.id().toString()))
                .map(LayerFacts::name)
                .forEach(name -> {
                    LOG.log(Level.INFO, "{0} is what an interrupted export, import or move left: it is removed", name);
                    // What is left of one is no reason not to serve the others.
                    Steps.undo("what an earlier daemon had begun", name, () -> pool.remove(name));
                });
    }

    private VnvmeRecord reconciled(String poolName, LayerFacts layer, @Nullable VnvmeRecord known) {
        if (known != null) {
            return known.named(layer.name()).sized(layer.sizeBytes());
        }
        VolumeAttributes attributes = VolumeAttributes.parse(layer.attributes());
        VolumeSpec spec = new VolumeSpec(
                layer.name(),
                layer.id(),
                layer.sizeBytes(),
                layer.blockSizeBytes(),
                layer.thick(),
                layer.checksum(),
                layer.createdAt(),
                layer.attributes());
        VnvmeRecord found = Identifiers.record(spec, poolName, attributes);
        // An import may have got as far as to give it its name.
        return jobs.interrupted().stream()
                .map(Jobs.Planned::plan)
                .filter(JobPlan.Import.class::isInstance)
                .map(JobPlan.Import.class::cast)
                .filter(plan -> plan.volume().equals(found.uuid()))
                .findFirst()
                .map(plan -> found.withKeyFile(plan.keyFile()).withQos(Groups.still(registry.state(), plan.qos())))
                .orElse(found);
    }

    /** vNVMes in use that a daemon which takes the place of this one could not open. */
    List<String> openHereAlone() {
        return registry.state().vnvmes().stream()
                .filter(vnvme -> !keys.outlives(vnvme) && exports.inUse(vnvme.name()))
                .map(VnvmeRecord::name)
                .toList();
    }

    /** None of a pool's is served any more, connections included. */
    void endAll(String poolName) {
        registry.state().vnvmesIn(poolName).forEach(vnvme -> exports.end(vnvme.name()));
    }

    /** @throws ProblemException when it is on its way to elsewhere, or may be there already */
    void requireStill(String name) {
        moving.requireStill(name);
        registry.state().vnvme(name).ifPresent(Volumes::requireOwn);
    }

    private static void requireOwn(VnvmeRecord vnvme) {
        GivenTo to = vnvme.givenTo();
        if (to != null) {
            throw new ProblemException(ProblemCode.VNVME_IN_USE, given(vnvme, to) + ": see 'vnvme jobs'");
        }
    }

    private static String given(VnvmeRecord vnvme, GivenTo to) {
        return "%s was given to %s with its VM, which has not said yet whether it took it: it may be written there"
                .formatted(vnvme.name(), to.peer());
    }

    /** @throws ProblemException when a guest has it and waits until it is served */
    void requireNotAwaited(VnvmeRecord vnvme) {
        if (exports.awaited(vnvme)) {
            throw new ProblemException(
                    ProblemCode.VNVME_IN_USE,
                    "a guest has %s and waits until it is served: bring back what it lacks (%s), or stop the VM"
                            .formatted(vnvme.name(), failure(vnvme.name()).orElse("it is not served yet")));
        }
    }

    /** @throws ProblemException when a vNVMe of the pool is in use; else none is served any more */
    void poolClosing(String poolName) {
        moving.requireStillPool(poolName);
        List<VnvmeRecord> inside = registry.state().vnvmesIn(poolName);
        inside.forEach(Volumes::requireOwn);
        String used =
                inside.stream().map(VnvmeRecord::name).filter(exports::inUse).collect(Collectors.joining(", "));
        if (!used.isEmpty()) {
            throw new ProblemException(
                    ProblemCode.VNVME_IN_USE,
                    "pool %s is in use: clients have %s; detach them first".formatted(poolName, used));
        }
        inside.forEach(this::requireNotAwaited);
        endAll(poolName);
        inside.forEach(vnvme -> keys.forget(vnvme.uuid()));
    }
}

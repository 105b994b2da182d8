package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.job.JobProgress;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.LayerUsage;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.VolumeMove;
import io.vnvme.control.plane.VolumeSpec;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * vNVMes that go to another pool while they are in use. What is copied is known to this life of the daemon alone, so one that a
 * restart interrupted begins again; the copy that there was is removed when its pool is opened.
 */
public final class VolumeMoves {
    private static final Logger LOG = System.getLogger(VolumeMoves.class.getName());
    /** Longest that a guest is held up while the rest is copied; the state is saved in that time, too. */
    static final Duration FREEZE = Duration.ofMillis(200);

    private final Registry registry;
    private final OpenPools pools;
    private final Volumes volumes;
    private final Jobs jobs;
    private final EventLog events;
    private final Map<String, VolumeMove> underWay = new ConcurrentHashMap<>();

    VolumeMoves(Registry registry, OpenPools pools, Volumes volumes, Jobs jobs, EventLog events) {
        this.registry = registry;
        this.pools = pools;
        this.volumes = volumes;
        this.jobs = jobs;
        this.events = events;
    }

    /** Begins to move a vNVMe, whoever uses it, to another pool. */
    public JobInfo move(String name, MoveVnvme request) {
        String to = request.pool();
        if (to == null) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "which pool? name it ('pool')");
        }
        // Nothing changes between the check and the begin: neither its size nor its snapshots.
        return registry.exclusively(() -> {
            VnvmeRecord vnvme = volumes.require(name);
            OpenPool target = pools.require(to);
            check(vnvme, target, request.snapshots());
            JobPlan.Move plan = new JobPlan.Move(
                    pools.require(vnvme.pool()).id().toString(),
                    target.id().toString(),
                    vnvme.uuid(),
                    request.snapshots());
            return start(jobs::start, name, plan, target);
        });
    }

    /** From now on nothing changes that the move depends on. */
    private JobInfo start(Jobs.Begin how, String name, JobPlan.Move plan, OpenPool target) {
        Moving.Held held = volumes.moving().begin(name, volumes.require(name).pool(), target.name());
        try {
            return how.begin(plan, name, true, progress -> {
                try (held) {
                    return move(name, target, progress);
                }
            });
        } catch (RuntimeException e) {
            held.close();
            throw e;
        }
    }

    /**
     * Moves one now, as a part of other work.
     *
     * @param choice says where it goes, while nothing else changes the state
     * @throws ProblemException when it stays where it is
     */
    String moveNow(String name, Supplier<OpenPool> choice, boolean withSnapshots, JobProgress progress) {
        Begun begun = registry.exclusively(() -> {
            OpenPool target = choice.get();
            VnvmeRecord vnvme = volumes.require(name);
            check(vnvme, target, withSnapshots);
            return new Begun(target, volumes.moving().begin(name, vnvme.pool(), target.name()));
        });
        Moving.Held held = begun.held();
        try (held) {
            return move(name, begun.target(), progress);
        }
    }

    private record Begun(OpenPool target, Moving.Held held) {}

    /** Begins again, or ends, what an earlier daemon had begun. */
    void goOn(String name, JobPlan.Move plan, OpenPool target) {
        registry.exclusively(() -> {
            Optional<VnvmeRecord> vnvme =
                    registry.state().vnvme(name).filter(v -> v.uuid().equals(plan.volume()));
            if (vnvme.isEmpty()) {
                return jobs.resume(plan, name, true, _ -> {
                    throw new ProblemException(
                            ProblemCode.UNKNOWN_VNVME, "%s is not there any more: nothing was moved".formatted(name));
                });
            }
            String pool = vnvme.get().pool();
            if (pool.equals(target.name())) {
                return jobs.resume(plan, name, true, _ -> "%s is in pool %s".formatted(name, pool));
            }
            if (!pools.require(pool).id().toString().equals(plan.pool())) {
                return jobs.resume(plan, name, true, _ -> {
                    throw new ProblemException(
                            ProblemCode.MOVE_REFUSED, "%s is in pool %s by now: it stays there".formatted(name, pool));
                });
            }
            try {
                check(vnvme.get(), target, plan.snapshots());
            } catch (ProblemException e) {
                // What was true when it began may not be now: its passphrase was not kept, or others took the space.
                return jobs.resume(plan, name, true, _ -> {
                    throw e;
                });
            }
            return start(jobs::resume, name, plan, target);
        });
    }

    /** How those are that are under way, by the vNVMe's name. */
    Map<String, VolumeMove.State> states() {
        return underWay.entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().state()));
    }

    /** @throws ProblemException when it cannot be moved there as it is: nothing was begun */
    void check(VnvmeRecord vnvme, OpenPool target, boolean withSnapshots) {
        String name = vnvme.name();
        OpenPool source = pools.require(vnvme.pool());
        if (source.id().equals(target.id())) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED, "%s is in pool %s already".formatted(name, target.name()));
        }
        volumes.requireExport(name);
        volumes.requireStill(name);
        checkKept(source.name(), target.name());
        List<LayerFacts> layers = source.layers();
        LayerFacts volume = layers.stream()
                .filter(layer -> layer.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.VNVME_UNAVAILABLE, "pool %s has no %s".formatted(source.name(), name)));
        List<LayerFacts> snapshots = SnapshotCopies.of(name, layers);
        SnapshotCopies.check(name, snapshots, withSnapshots);
        for (LayerFacts layer : target.layers()) {
            if (layer.name().equals(name) || layer.name().startsWith(name + "@") || inTheWay(layer, volume)) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN,
                        "pool %s has %s from earlier: remove that first".formatted(target.name(), layer.name()));
            }
        }
        checkSpace(volume, snapshots, source, target);
    }

    /** @throws ProblemException when what goes from one pool to the other would be lost at once */
    void checkKept(String source, String target) {
        State state = registry.state();
        if (PoolLayout.isNull(pools.record(target), state) && !PoolLayout.isNull(pools.record(source), state)) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "pool %s keeps nothing of what is written to it: all would be lost; name another one"
                            .formatted(target));
        }
    }

    /** What is unfinished there and no earlier copy of the same volume, which would be removed. */
    private static boolean inTheWay(LayerFacts layer, LayerFacts volume) {
        return layer.name().equals(MovedVolumes.unfinished(volume.name()))
                && !layer.id().equals(volume.id());
    }

    private static void checkSpace(LayerFacts volume, List<LayerFacts> snapshots, OpenPool source, OpenPool target) {
        List<String> names = Stream.concat(Stream.of(volume), snapshots.stream())
                .map(LayerFacts::name)
                .toList();
        Map<String, LayerUsage> usages = source.usages(names);
        LayerUsage own = usages.getOrDefault(volume.name(), LayerUsage.NONE);
        // What snapshots have in common with each other and not with the volume is not counted: if that is too much,
        // the pool is full before it is copied, and the move ends.
        long needed = Math.max(volume.thick() ? volume.sizeBytes() : 0, own.usedBytes())
                + usages.entrySet().stream()
                        .filter(usage -> !usage.getKey().equals(volume.name()))
                        .mapToLong(usage -> usage.getValue().exclusiveBytes())
                        .sum();
        long free = target.facts().freeBytes();
        if (needed > free) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "%s takes %s, and pool %s has %s free: grow it, or free some"
                            .formatted(volume.name(), ByteSize.format(needed), target.name(), ByteSize.format(free)));
        }
    }

    /** Moves one that is held as moving, and was checked before it was. @return one line for people */
    private String move(String name, OpenPool target, JobProgress progress) {
        OpenPool source = pools.require(volumes.require(name).pool());
        LayerFacts volume = Snapshots.require(source, name);
        List<LayerFacts> snapshots = SnapshotCopies.of(name, source.layers());
        String copyName = MovedVolumes.unfinished(name);
        Copying copying = new Copying(name, source, target, progress, underWay);
        VolumeMove.State end;
        try (Steps steps = new Steps("move " + name)) {
            progress.step("make volume");
            // One that could not be removed when an earlier move failed.
            MovedVolumes.removeCopy(target, name, volume.id());
            steps.run(
                    "make volume",
                    () -> HostFailure.shown(
                            "%s could not be made in pool %s".formatted(name, target.name()),
                            () -> target.create(
                                    spec(copyName, volume, SnapshotCopies.firstSize(volume, snapshots)), null)),
                    () -> removeCopy(name, volume.id(), target, progress));
            // Closed after the volume is removed: what waits there for space would keep them open for long.
            Optional<String> last =
                    new SnapshotCopies(steps, source, target, copyName).copy(volume, snapshots, copying::snapshot);
            VolumeMove move = steps.open(
                    "begin to copy", () -> volumes.requireExport(name).move(target, copyName, last), VolumeMove::close);
            end = steps.get(
                    "copy and switch", () -> copying.whole(name, move, () -> switched(name, target, move)), () -> {});
            steps.done();
        }
        progress.step("remove from pool " + source.name());
        String left = settled(name, copyName, source, target);
        String text = "%s is in pool %s: %s copied in %d rounds, guests waited %.1f ms for the switch%s"
                .formatted(
                        name,
                        target.name(),
                        ByteSize.format(copying.copiedBytes()),
                        end.round(),
                        end.gapNanos() / 1e6,
                        left);
        events.add(EventKind.VNVME_MOVED, name, text);
        return text;
    }

    private static VolumeSpec spec(String copyName, LayerFacts volume, long sizeBytes) {
        return new VolumeSpec(
                copyName,
                volume.id(),
                sizeBytes,
                volume.blockSizeBytes(),
                volume.thick(),
                volume.checksum(),
                volume.createdAt(),
                volume.attributes());
    }

    /**
     * A daemon that ends leaves it: it is removed when its pool is opened. What the state names is no copy any more, whatever
     * failed afterwards.
     */
    private void removeCopy(String name, UUID id, OpenPool target, JobProgress progress) {
        if (!progress.interrupted() && !volumes.require(name).pool().equals(target.name())) {
            MovedVolumes.removeCopy(target, name, id);
        }
    }

    private boolean switched(String name, OpenPool target, VolumeMove move) {
        return registry.exclusively(() -> {
            boolean done = move.switchOver(
                    FREEZE,
                    () -> registry.update(
                            state -> state.with(volumes.require(name).inPool(target.name()))));
            if (done) {
                renamed(name, target);
            }
            return done;
        });
    }

    /** At once: another host that finds it under its first name takes it for a copy that nobody needs. */
    private static void renamed(String name, OpenPool target) {
        try {
            target.rename(MovedVolumes.unfinished(name), name);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "%s has moved, and gets its name when the pool is opened again".formatted(name), e);
        }
    }

    /** Guests use the copy: what it was copied from goes. @return what could not be done yet, in words */
    private String settled(String name, String copyName, OpenPool source, OpenPool target) {
        return registry.exclusively(() -> {
            try {
                if (target.layers().stream().anyMatch(layer -> layer.name().equals(copyName))) {
                    target.rename(copyName, name);
                }
                MovedVolumes.remove(source, name, target);
                return "";
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "%s has moved, and its old place is not free".formatted(name), e);
                return "; what is left of it in pool %s is removed when the daemon is started again"
                        .formatted(source.name());
            }
        });
    }
}

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
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * vNVMes that go to another pool while they are in use. What is copied is known to this life of the daemon alone, so one that a
 * restart interrupted begins again; the copy that there was is removed when its pool is opened.
 */
public final class VolumeMoves {
    private static final Logger LOG = System.getLogger(VolumeMoves.class.getName());
    /** Longest that a guest is held up while the rest is copied; the state is saved in that time, too. */
    private static final Duration FREEZE = Duration.ofMillis(200);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
    /** Between two tries to switch, so that a target which is slow at times is met at another. */
    private static final Duration TRY_AGAIN = Duration.ofMillis(250);

    private static final int TRIES = 20;
    /** A guest that is slowed down and still ahead after so many rounds stays so. */
    private static final int ROUNDS_MAX = 200;

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
            return start(name, plan, target);
        });
    }

    /** From now on nothing changes that the move depends on. */
    private JobInfo start(String name, JobPlan.Move plan, OpenPool target) {
        Moving.Held held = volumes.moving().begin(name, volumes.require(name).pool(), target.name());
        try {
            return jobs.start(plan, name, true, progress -> {
                try (held) {
                    return move(name, target, plan.snapshots(), progress);
                }
            });
        } catch (RuntimeException e) {
            held.close();
            throw e;
        }
    }

    /** Begins again, or ends, what an earlier daemon had begun. */
    void goOn(String name, JobPlan.Move plan, OpenPool target) {
        registry.exclusively(() -> {
            Optional<VnvmeRecord> vnvme =
                    registry.state().vnvme(name).filter(v -> v.uuid().equals(plan.volume()));
            if (vnvme.isEmpty()) {
                return jobs.start(plan, name, true, _ -> {
                    throw new ProblemException(
                            ProblemCode.UNKNOWN_VNVME, "%s is not there any more: nothing was moved".formatted(name));
                });
            }
            String pool = vnvme.get().pool();
            if (pool.equals(target.name())) {
                return jobs.start(plan, name, true, _ -> "%s is in pool %s".formatted(name, pool));
            }
            if (!pools.require(pool).id().toString().equals(plan.pool())) {
                return jobs.start(plan, name, true, _ -> {
                    throw new ProblemException(
                            ProblemCode.MOVE_REFUSED, "%s is in pool %s by now: it stays there".formatted(name, pool));
                });
            }
            return start(name, plan, target);
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
        volumes.moving().requireStill(name);
        List<LayerFacts> layers = source.layers();
        LayerFacts volume = layers.stream()
                .filter(layer -> layer.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.VNVME_UNAVAILABLE, "pool %s has no %s".formatted(source.name(), name)));
        List<LayerFacts> snapshots = SnapshotCopies.of(name, layers);
        SnapshotCopies.check(name, snapshots, withSnapshots);
        for (LayerFacts layer : target.layers()) {
            if (layer.name().equals(name)
                    || layer.name().equals(MovedVolumes.unfinished(name))
                    || layer.name().startsWith(name + "@")) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN,
                        "pool %s has %s from earlier: remove that first".formatted(target.name(), layer.name()));
            }
        }
        checkSpace(vnvme, volume, source, target);
    }

    private static void checkSpace(VnvmeRecord vnvme, LayerFacts volume, OpenPool source, OpenPool target) {
        String name = vnvme.name();
        LayerUsage usage = source.usages(List.of(name)).getOrDefault(name, LayerUsage.NONE);
        long needed = volume.thick() ? volume.sizeBytes() : usage.usedBytes() + usage.sharedBytes();
        long free = target.facts().freeBytes();
        if (needed > free) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "%s takes %s, and pool %s has %s free: grow it, or free some"
                            .formatted(name, ByteSize.format(needed), target.name(), ByteSize.format(free)));
        }
    }

    /** Moves one that is held as moving. @return one line for people */
    private String move(String name, OpenPool target, boolean withSnapshots, JobProgress progress) {
        VnvmeRecord vnvme = volumes.require(name);
        OpenPool source = pools.require(vnvme.pool());
        LayerFacts volume = Snapshots.require(source, name);
        SnapshotCopies.check(name, SnapshotCopies.of(name, source.layers()), withSnapshots);
        checkSpace(vnvme, volume, source, target);
        String copyName = MovedVolumes.unfinished(name);
        VolumeMove.State end;
        try (Steps steps = new Steps("move " + name)) {
            progress.step("make volume");
            steps.run(
                    "make volume",
                    () -> HostFailure.shown(
                            "%s could not be made in pool %s".formatted(name, target.name()),
                            () -> target.create(spec(copyName, volume), null)),
                    () -> removeCopy(name, target, copyName, progress));
            // Closed after the volume is removed: what waits there for space would keep it open for long.
            VolumeMove move = steps.open(
                    "begin to copy",
                    () -> volumes.requireExport(name).move(target, copyName, Optional.empty()),
                    VolumeMove::close);
            end = steps.get("copy and switch", () -> copied(name, source, target, move, progress), () -> {});
            steps.done();
        }
        progress.step("remove from pool " + source.name());
        String left = settled(name, copyName, source, target);
        String text = "%s is in pool %s: %s copied in %d rounds, guests waited %.1f ms for the switch%s"
                .formatted(
                        name,
                        target.name(),
                        ByteSize.format(end.copiedBytes()),
                        end.round(),
                        end.gapNanos() / 1e6,
                        left);
        events.add(EventKind.VNVME_MOVED, name, text);
        return text;
    }

    private static VolumeSpec spec(String copyName, LayerFacts volume) {
        return new VolumeSpec(
                copyName,
                volume.id(),
                volume.sizeBytes(),
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
    private void removeCopy(String name, OpenPool target, String copyName, JobProgress progress) {
        if (!progress.interrupted() && !volumes.require(name).pool().equals(target.name())) {
            target.remove(copyName);
        }
    }

    /** Copies and switches. @return how it was at the end */
    private VolumeMove.State copied(
            String name, OpenPool source, OpenPool target, VolumeMove move, JobProgress progress) {
        underWay.put(name, move);
        try {
            int tries = 0;
            while (true) {
                VolumeMove.State state = look(name, source, target, move, progress);
                if (move.ready()) {
                    if (switched(name, target, move, progress)) {
                        return move.state();
                    }
                    if (++tries == TRIES) {
                        throw tooSlow(name, target, state);
                    }
                    pause(TRY_AGAIN);
                } else if (state.round() > ROUNDS_MAX) {
                    throw tooSlow(name, target, state);
                }
                pause(LOOK_AGAIN);
            }
        } catch (RuntimeException e) {
            move.cancel();
            throw e;
        } finally {
            underWay.remove(name);
        }
    }

    private static VolumeMove.State look(
            String name, OpenPool source, OpenPool target, VolumeMove move, JobProgress progress) {
        if (progress.cancelled()) {
            throw new CancellationException();
        }
        move.failure().ifPresent(why -> {
            throw new ProblemException(
                    ProblemCode.POOL_UNAVAILABLE,
                    "%s stays where it is, and nobody who uses it noticed: in pool %s, %s"
                            .formatted(name, target.name(), why));
        });
        if (target.facts().heldWriteCount() > 0) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "%s stays where it is: pool %s is full; grow it, or free some".formatted(name, target.name()));
        }
        VolumeMove.State state = move.state();
        if (state.round() == 0 && source.facts().heldWriteCount() > 0) {
            // What guests had begun before has to end first, and does not without space.
            throw new ProblemException(
                    ProblemCode.NO_SPACE,
                    "%s stays where it is: pool %s is full and holds writes back; grow it, or free some, and move then"
                            .formatted(name, source.name()));
        }
        progress.at(state.copiedBytes(), state.copiedBytes() + state.dirtyBytes());
        progress.step(
                state.round() == 0
                        ? "look what there is"
                        : "copy, round %d: %s to go%s"
                                .formatted(
                                        state.round(),
                                        ByteSize.format(state.dirtyBytes()),
                                        state.slowed() ? ", guests' writes are slowed down" : ""));
        return state;
    }

    private boolean switched(String name, OpenPool target, VolumeMove move, JobProgress progress) {
        progress.step("switch");
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

    private static ProblemException tooSlow(String name, OpenPool target, VolumeMove.State state) {
        return new ProblemException(
                ProblemCode.MOVE_REFUSED,
                "%s stays where it is: guests write faster than pool %s takes it (%s/s), or that cannot make it durable within %d ms; try again when there is less to do"
                        .formatted(name, target.name(), ByteSize.format(state.bytesPerSecond()), FREEZE.toMillis()));
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException();
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

package io.vnvme.control.service;

import io.vnvme.control.job.JobProgress;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.DrainPool;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.LayerUsage;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/** Pools that are drained while all in them is in use: their vNVMes move, one after the other. */
public final class PoolDrains {
    static final String NO_OTHER = "there is no other pool than %s: make one with 'vnvme pool create NAME DRIVE...'";

    private final Registry registry;
    private final OpenPools pools;
    private final VolumeMoves moves;
    private final Jobs jobs;
    private final DrainTargets targets;

    PoolDrains(Registry registry, OpenPools pools, VolumeMoves moves, Jobs jobs) {
        this.registry = registry;
        this.pools = pools;
        this.moves = moves;
        this.jobs = jobs;
        this.targets = new DrainTargets(registry, pools, jobs);
    }

    /** Begins to move everything off a pool. */
    public JobInfo drain(String name, DrainPool request) {
        // Two that would fill each other's pools do not begin at once.
        return registry.exclusively(() -> {
            OpenPool pool = pools.require(name);
            String id = pool.id().toString();
            Optional<OpenPool> target = Optional.ofNullable(request.to()).map(pools::require);
            target.ifPresent(to -> checkTarget(name, to));
            targets.filledFrom(id).ifPresent(other -> {
                throw new ProblemException(
                        ProblemCode.MOVE_REFUSED,
                        "pool %s is being drained into %s: wait until it is, or cancel that job ('vnvme jobs')"
                                .formatted(other, name));
            });
            JobPlan.Drain plan =
                    new JobPlan.Drain(id, target.map(to -> to.id().toString()).orElse(null), request.snapshots());
            if (target.isEmpty()) {
                if (registry.state().pools().size() < 2) {
                    throw new ProblemException(ProblemCode.MOVE_REFUSED, NO_OTHER.formatted(name));
                }
                targets.choose(plan);
            }
            return start(jobs::start, name, plan);
        });
    }

    private void checkTarget(String name, OpenPool target) {
        String to = target.name();
        if (name.equals(to)) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED, "pool %s is to be drained: name another one".formatted(name));
        }
        if (targets.drained(target.id().toString())) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "pool %s is being drained itself: name another one, or cancel that job ('vnvme jobs')"
                            .formatted(to));
        }
        moves.checkKept(name, to);
    }

    /** Begins, or goes on with what is still there. */
    private JobInfo start(Jobs.Begin how, String name, JobPlan.Drain plan) {
        return how.begin(plan, name, true, progress -> drain(name, plan, progress));
    }

    /** Goes on after a restart, unless more pools have to be open for that; then it is asked again with each. */
    void goOn(String name, JobPlan.Drain plan, OpenPool pool) {
        registry.exclusively(() -> {
            if (plan.target() != null || targets.suffice(plan, pool)) {
                start(jobs::resume, name, plan);
            }
            return name;
        });
    }

    /** A vNVMe that could not be moved. */
    private record Staying(String vnvme, String why) {
        String text() {
            return "%s (%s)".formatted(vnvme, why);
        }
    }

    private String drain(String name, JobPlan.Drain plan, JobProgress progress) {
        OpenPool pool = pools.require(name);
        Set<String> tried = new HashSet<>();
        List<Staying> staying = new ArrayList<>();
        long doneBytes = 0;
        while (true) {
            List<VnvmeRecord> left = registry.state().vnvmesIn(name).stream()
                    .filter(vnvme -> !tried.contains(vnvme.name()))
                    .toList();
            if (left.isEmpty()) {
                break;
            }
            VnvmeRecord next = left.getFirst();
            tried.add(next.name());
            Map<String, LayerUsage> usages =
                    pool.usages(left.stream().map(VnvmeRecord::name).toList());
            long leftBytes =
                    usages.values().stream().mapToLong(LayerUsage::usedBytes).sum();
            long ownBytes = usages.getOrDefault(next.name(), LayerUsage.NONE).usedBytes();
            Part part = new Part(
                    progress,
                    "%s (%d more)".formatted(next.name(), left.size() - 1),
                    doneBytes,
                    ownBytes,
                    doneBytes + leftBytes);
            try {
                moves.moveNow(next.name(), () -> targets.choose(plan), plan.snapshots(), part);
            } catch (CancellationException e) {
                throw e;
            } catch (RuntimeException e) {
                if (progress.interrupted()) {
                    throw e;
                }
                staying.add(new Staying(
                        next.name(), e instanceof ProblemException problem ? problem.detail() : String.valueOf(e)));
            }
            doneBytes += ownBytes;
        }
        int moved = tried.size() - staying.size();
        Set<String> known = staying.stream().map(Staying::vnvme).collect(Collectors.toSet());
        registry.state().vnvmesIn(name).stream()
                .map(VnvmeRecord::name)
                .filter(vnvme -> !known.contains(vnvme))
                .forEach(vnvme -> staying.add(new Staying(vnvme, "it has come meanwhile")));
        return result(name, pool, moved, staying);
    }

    private String result(String name, OpenPool pool, int moved, List<Staying> staying) {
        List<String> all = new ArrayList<>(staying.stream().map(Staying::text).toList());
        Set<String> volumes = staying.stream().map(Staying::vnvme).collect(Collectors.toSet());
        State state = registry.state();
        List<LayerFacts> layers = pool.layers();
        Set<String> left = layers.stream()
                .filter(layer -> MovedVolumes.left(state, name, layer))
                .map(LayerFacts::name)
                .collect(Collectors.toSet());
        layers.stream()
                .map(LayerFacts::name)
                .filter(layer -> !volumes.contains(volumeOf(layer)))
                .map(layer -> "%s (%s)".formatted(layer, why(layer, left.contains(volumeOf(layer)))))
                .forEach(all::add);
        if (!all.isEmpty()) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "pool %s is not empty: %d moved, and there stay %s".formatted(name, moved, String.join("; ", all)));
        }
        return "pool %s is empty: %d moved".formatted(name, moved);
    }

    private static String volumeOf(String layer) {
        int at = layer.indexOf('@');
        return at < 0 ? layer : layer.substring(0, at);
    }

    /** Why something is there that is no vNVMe's of the pool; what is {@code left} belongs to one that has moved. */
    private static String why(String layer, boolean left) {
        if (left) {
            return "left over from its move: it is removed when the daemon is started again";
        }
        if (layer.contains(Transfers.UNFINISHED)) {
            return "an import, export or move is at it: wait until that has ended";
        }
        return layer.indexOf('@') < 0
                ? "no vNVMe is known for it: it is when the daemon is started again"
                : "a snapshot whose volume is not in the pool: remove it, or clone it and move the clone";
    }

    /** One of several moves, towards the job that they are. */
    private record Part(JobProgress whole, String what, long beforeBytes, long ownBytes, long totalBytes)
            implements JobProgress {
        @Override
        public void at(long doneBytes, long ofBytes) {
            whole.at(beforeBytes + Math.min(doneBytes, ownBytes), totalBytes);
        }

        @Override
        public boolean cancelled() {
            return whole.cancelled();
        }

        @Override
        public boolean interrupted() {
            return whole.interrupted();
        }

        @Override
        public boolean markDue() {
            return false;
        }

        @Override
        public void step(String words) {
            whole.step(what + ": " + words);
        }

        @Override
        public void mark(JobPlan plan) {
            throw new IllegalStateException("a move has nothing to go on with");
        }
    }
}

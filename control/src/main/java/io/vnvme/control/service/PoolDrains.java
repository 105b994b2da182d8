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
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.VnvmeRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/** Pools that are emptied while all in them is in use: their vNVMes move, one after the other. */
public final class PoolDrains {
    private final Registry registry;
    private final OpenPools pools;
    private final VolumeMoves moves;
    private final Jobs jobs;

    PoolDrains(Registry registry, OpenPools pools, VolumeMoves moves, Jobs jobs) {
        this.registry = registry;
        this.pools = pools;
        this.moves = moves;
        this.jobs = jobs;
    }

    /** Begins to move everything off a pool. */
    public JobInfo drain(String name, DrainPool request) {
        OpenPool pool = pools.require(name);
        String to = request.to();
        Optional<OpenPool> target = Optional.ofNullable(to).map(pools::require);
        if (name.equals(to)) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED, "pool %s is to be emptied: name another one".formatted(name));
        }
        if (to != null && drained(to)) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "pool %s is being emptied itself: name another one, or cancel that job ('vnvme jobs')"
                            .formatted(to));
        }
        if (target.isEmpty() && registry.state().pools().size() < 2) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "there is no other pool than %s: make one with 'vnvme pool create NAME DRIVE...'".formatted(name));
        }
        String targetId = target.map(there -> there.id().toString()).orElse(null);
        return start(name, new JobPlan.Drain(pool.id().toString(), targetId, request.snapshots()));
    }

    /** Begins, or goes on with what is still there. */
    JobInfo start(String name, JobPlan.Drain plan) {
        return jobs.start(plan, name, true, progress -> drain(name, plan, progress));
    }

    private boolean drained(String pool) {
        return jobs.list().stream()
                .filter(job -> job.state().equals("running") && job.kind().equals("drain"))
                .anyMatch(job -> job.subject().equals(pool));
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
                moves.moveNow(next.name(), target(pool, plan), plan.snapshots(), part);
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

    private static String result(String name, OpenPool pool, int moved, List<Staying> staying) {
        List<String> all = new ArrayList<>(staying.stream().map(Staying::text).toList());
        Set<String> volumes = staying.stream().map(Staying::vnvme).collect(Collectors.toSet());
        pool.layers().stream()
                .filter(LayerFacts::snapshot)
                .map(LayerFacts::name)
                .filter(snapshot -> !volumes.contains(snapshot.substring(0, snapshot.indexOf('@'))))
                .map(
                        "%s (a snapshot whose volume is not in the pool: remove it, or clone it and move the clone)"
                                ::formatted)
                .forEach(all::add);
        pool.layers().stream()
                .map(LayerFacts::name)
                .filter(layer -> layer.startsWith(Transfers.UNFINISHED))
                .map("%s (an import or export is at it: wait until that has ended)"::formatted)
                .forEach(all::add);
        if (!all.isEmpty()) {
            throw new ProblemException(
                    ProblemCode.MOVE_REFUSED,
                    "pool %s is not empty: %d moved, and there stay %s".formatted(name, moved, String.join("; ", all)));
        }
        return "pool %s is empty: %d moved".formatted(name, moved);
    }

    private OpenPool target(OpenPool pool, JobPlan.Drain plan) {
        return registry.state().pools().stream()
                .filter(record -> plan.target() == null || record.uuid().equals(plan.target()))
                .map(PoolRecord::name)
                .flatMap(name -> pools.find(name).stream())
                .filter(other -> !other.id().equals(pool.id()))
                .filter(other -> plan.target() != null || !drained(other.name()))
                .max(Comparator.comparingLong(other -> other.facts().freeBytes()))
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.POOL_UNAVAILABLE, "the pool that they were to go to is not in use"));
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

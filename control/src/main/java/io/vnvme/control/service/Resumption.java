package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.PoolRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Jobs that the end of a daemon interrupted: each goes on when its pool is open, or ends when that is here no more. */
final class Resumption {
    private static final Logger LOG = System.getLogger(Resumption.class.getName());

    private final Registry registry;
    private final Jobs jobs;
    private final Pools pools;
    private final ImageImport imports;
    private final ImageExport exports;
    private final OpenPools openPools;
    private final VolumeMoves moves;
    private final PoolDrains drains;
    private final Migrations migrations;
    /** Identities of those that were opened, with all that is in them looked at. */
    private final Set<String> opened = ConcurrentHashMap.newKeySet();

    Resumption(
            Registry registry,
            Jobs jobs,
            Pools pools,
            ImageImport imports,
            ImageExport exports,
            OpenPools openPools,
            VolumeMoves moves,
            PoolDrains drains,
            Migrations migrations) {
        this.registry = registry;
        this.jobs = jobs;
        this.pools = pools;
        this.imports = imports;
        this.exports = exports;
        this.openPools = openPools;
        this.moves = moves;
        this.drains = drains;
        this.migrations = migrations;
    }

    /** @param name of the pool */
    void poolOpened(String name, OpenPool pool) {
        opened.add(pool.id().toString());
        for (Jobs.Planned job : jobs.interrupted()) {
            if (waitedFor(job.plan(), pool.id().toString())) {
                tryToGoOn(name, pool, job);
            }
        }
    }

    private void tryToGoOn(String name, OpenPool pool, Jobs.Planned job) {
        try {
            goOn(name, pool, job);
        } catch (ProblemException e) {
            LOG.log(Level.WARNING, "{0} of {1} does not go on: {2}", job.plan().kind(), job.subject(), e.detail());
        }
    }

    /** Whether a plan has all that it needs, and that pool, which was opened last, is a part of it. */
    private boolean waitedFor(JobPlan plan, String last) {
        return opened.containsAll(plan.pools()) && (plan.pools().contains(last) || anywhere(plan));
    }

    /** Whether it says nothing of where its pool's volumes go: any other pool may be what it waits for. */
    private static boolean anywhere(JobPlan plan) {
        return plan instanceof JobPlan.Drain drain && drain.target() == null;
    }

    private void goOn(String name, OpenPool pool, Jobs.Planned job) {
        switch (job.plan()) {
            case JobPlan.Import plan -> imports.goOn(job.subject(), plan, pool);
            case JobPlan.Export plan -> exports.goOn(job.subject(), plan, pool);
            case JobPlan.Scrub plan -> pools.scrub(name, pool, plan);
            case JobPlan.Move plan ->
                registry.state().pools().stream()
                        .filter(record -> record.uuid().equals(plan.target()))
                        .findFirst()
                        .flatMap(record -> openPools.find(record.name()))
                        .ifPresent(target -> moves.goOn(job.subject(), plan, target));
            case JobPlan.Drain plan -> {
                OpenPool drained = openPools.require(job.subject());
                drains.goOn(job.subject(), plan, drained);
            }
            case JobPlan.Migrate plan -> migrations.settlement().settle(job.subject(), plan);
            // The pool remembers these.
            case JobPlan.Shrink _, JobPlan.Rebuild _ -> {}
        }
    }

    /** Ends those whose pool was destroyed or given away, and goes on with what waits for nothing any more. */
    void look() {
        migrations.settlement().settleGiven();
        Set<String> known =
                registry.state().pools().stream().map(PoolRecord::uuid).collect(Collectors.toSet());
        for (Jobs.Planned job : jobs.interrupted()) {
            if (!known.containsAll(job.plan().pools())) {
                end(job, "the daemon ended while it was under way, and its pool is here no more");
            } else if (anywhere(job.plan()) && known.size() < 2) {
                end(job, PoolDrains.NO_OTHER.formatted(job.subject()));
            } else if (anywhere(job.plan()) && opened.containsAll(job.plan().pools())) {
                // Others may be there that were made meanwhile, or are not drained any more.
                openPools.find(job.subject()).ifPresent(pool -> tryToGoOn(job.subject(), pool, job));
            }
        }
    }

    private void end(Jobs.Planned job, String why) {
        jobs.start(job.plan(), job.subject(), false, _ -> {
            switch (job.plan()) {
                case JobPlan.Import plan -> imports.removeScratch(plan);
                case JobPlan.Export plan -> ImageExport.removePart(plan);
                case JobPlan.Scrub _,
                        JobPlan.Shrink _,
                        JobPlan.Rebuild _,
                        JobPlan.Move _,
                        JobPlan.Drain _,
                        JobPlan.Migrate _ -> {}
            }
            throw new ProblemException(ProblemCode.POOL_UNAVAILABLE, why);
        });
    }
}

package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.PoolFacts;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Where the vNVMes of a pool go that is drained: to the pool that was named; else to the one with the most space at
 * that time, of those that keep what is in them over a restart, take writes, and are not being drained themselves.
 * Asked while nothing else changes the state, so that a pool which is open was looked at, too.
 */
final class DrainTargets {
    private static final String NONE =
            "no other pool in use keeps what is in it, takes writes and is not drained itself: name one ('--to')";

    private final Registry registry;
    private final OpenPools pools;
    private final Jobs jobs;

    DrainTargets(Registry registry, OpenPools pools, Jobs jobs) {
        this.registry = registry;
        this.pools = pools;
        this.jobs = jobs;
    }

    /** @throws ProblemException when there is none at the moment */
    OpenPool choose(JobPlan.Drain plan) {
        return of(plan).stream()
                .max(Comparator.comparingLong(pool -> pool.facts().freeBytes()))
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.POOL_UNAVAILABLE,
                        plan.target() == null ? NONE : "the pool that they were to go to is not in use"));
    }

    /** Whether it need not wait for more pools to be opened: others have room for all, or there are no more. */
    boolean suffice(JobPlan.Drain plan, OpenPool pool) {
        PoolFacts facts = pool.facts();
        List<OpenPool> targets = of(plan);
        long freeBytes =
                targets.stream().mapToLong(target -> target.facts().freeBytes()).sum();
        return !targets.isEmpty() && freeBytes >= facts.usedBytes() - facts.metadataBytes()
                || registry.state().pools().stream()
                        .allMatch(record -> pools.find(record.name()).isPresent());
    }

    private List<OpenPool> of(JobPlan.Drain plan) {
        State state = registry.state();
        return state.pools().stream()
                .filter(record -> !record.uuid().equals(plan.pool()))
                .filter(record -> plan.target() == null
                        ? keeps(state, record)
                        : record.uuid().equals(plan.target()))
                .flatMap(record -> pools.find(record.name()).stream())
                .filter(pool -> plan.target() != null || pool.facts().doubt().isEmpty())
                .toList();
    }

    private boolean keeps(State state, PoolRecord record) {
        return !PoolLayout.inMemory(record, state) && !drained(record.uuid());
    }

    /** Whether the pool of that identity is being drained, or is to be when it can be. */
    boolean drained(String pool) {
        return drains().stream().anyMatch(plan -> plan.pool().equals(pool));
    }

    /** The pool that is being drained into the one of that identity, which was named for it. */
    Optional<String> filledFrom(String pool) {
        return drains().stream()
                .filter(plan -> pool.equals(plan.target()))
                .flatMap(plan -> registry.state().pools().stream()
                        .filter(record -> record.uuid().equals(plan.pool())))
                .map(PoolRecord::name)
                .findFirst();
    }

    private List<JobPlan.Drain> drains() {
        return jobs.planned().stream()
                .map(Jobs.Planned::plan)
                .filter(JobPlan.Drain.class::isInstance)
                .map(JobPlan.Drain.class::cast)
                .toList();
    }
}

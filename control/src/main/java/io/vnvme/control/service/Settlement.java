package io.vnvme.control.service;

import io.vnvme.control.job.JobProgress;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.store.GivenTo;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.StrandedVm;
import io.vnvme.control.vm.VmAddress;
import io.vnvme.frontend.vfiouser.MovingDevice;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Migrations that an earlier daemon had begun: whose the vNVMes are is found out, and made so. */
final class Settlement {
    private static final Duration SETTLE_AGAIN = Duration.ofMinutes(1);

    private final Registry registry;
    private final Volumes volumes;
    private final MigratedVolumes migrated;
    private final Monitors monitors;
    private final Peers peers;
    private final Jobs jobs;
    private final LeftBehind left;
    private volatile long settledNs = System.nanoTime() - SETTLE_AGAIN.toNanos();

    Settlement(
            Registry registry,
            Volumes volumes,
            MigratedVolumes migrated,
            Monitors monitors,
            Peers peers,
            Jobs jobs,
            LeftBehind left) {
        this.registry = registry;
        this.volumes = volumes;
        this.migrated = migrated;
        this.monitors = monitors;
        this.peers = peers;
        this.jobs = jobs;
        this.left = left;
    }

    /** What an earlier daemon had begun: the VM goes on here, unless the other daemon has it already. */
    void settle(String vm, JobPlan.Migrate plan) {
        jobs.resume(plan, vm, false, progress -> settled(vm, plan, progress));
    }

    /** Sees to what was given, and of which it is not known whether it was taken, where no job does. Now and then. */
    void settleGiven() {
        if (System.nanoTime() - settledNs < SETTLE_AGAIN.toNanos()) {
            return;
        }
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            GivenTo to = vnvme.givenTo();
            boolean seenTo = jobs.planned().stream()
                    .anyMatch(job -> job.plan() instanceof JobPlan.Migrate plan
                            && plan.vnvmes().contains(vnvme.uuid()));
            if (to != null && !seenTo) {
                settledNs = System.nanoTime();
                Steps.attempt("settling whose VM %s is".formatted(to.vm()), () -> settleAnew(to));
            }
        }
    }

    private void settleAnew(GivenTo to) {
        List<VnvmeRecord> all = registry.state().vnvmes().stream()
                .filter(vnvme -> to.equals(vnvme.givenTo()))
                .toList();
        List<String> pools = all.stream()
                .map(vnvme -> volumes.poolOf(vnvme.name()).id().toString())
                .distinct()
                .toList();
        JobPlan.Migrate plan = new JobPlan.Migrate(
                pools.getFirst(),
                pools,
                to.peer(),
                to.arrival(),
                to.qmp(),
                all.stream().map(VnvmeRecord::uuid).toList(),
                to.running());
        jobs.start(plan, to.vm(), false, progress -> settled(to.vm(), plan, progress));
    }

    /** @throws ProblemException when a peer is to be forgotten that may have taken a VM, and nobody said that it is lost */
    void checkForgotten(String peer) {
        registry.state().vnvmes().stream()
                .map(VnvmeRecord::givenTo)
                .filter(to -> to != null && to.peer().equals(peer))
                .findFirst()
                .ifPresent(to -> {
                    throw ArrivalChecks.refused(
                            "%s may have taken VM %s: only if that host is gone for good, say so (--lost, or ?lost=true), and the VM goes on here"
                                    .formatted(peer, to.vm()));
                });
    }

    private String settled(String vm, JobPlan.Migrate plan, JobProgress progress) {
        List<VnvmeRecord> mine = registry.state().vnvmes().stream()
                .filter(vnvme -> plan.vnvmes().contains(vnvme.uuid()))
                .toList();
        if (mine.isEmpty()) {
            return "VM %s runs on %s".formatted(vm, plan.peer());
        }
        List<String> names = mine.stream().map(VnvmeRecord::name).toList();
        Optional<GivenTo> given = mine.stream()
                .flatMap(vnvme -> Optional.ofNullable(vnvme.givenTo()).stream())
                .findFirst();
        VmAddress.Socket address = VmAddress.Socket.of(Path.of(plan.qmp()));
        try (Monitors.Own _ = monitors.own(address)) {
            if (given.isPresent() && taken(given.get(), progress)) {
                Steps.attempt("ending QEMU of VM " + vm, () -> StrandedVm.end(address));
                String rest = left.removed(names);
                left.done(vm, peers.client(plan.peer()), given.get().arrival());
                return "VM %s runs on %s, as that says%s".formatted(vm, plan.peer(), rest);
            }
            String arrival = given.map(GivenTo::arrival).orElse(plan.arrival());
            if (arrival != null && peers.known(plan.peer())) {
                LeftBehind.giveUp(peers.client(plan.peer()), "/api/v1/arrivals/" + arrival);
            }
            Optional<String> trouble = trouble(() -> StrandedVm.cancel(address));
            if (given.isPresent()) {
                names.forEach(migrated::takenBack);
            }
            for (String name : names) {
                left.letIn(name);
                volumes.exports()
                        .find(name)
                        .ifPresent(export -> export.devices().stream()
                                .filter(MovingDevice::frozen)
                                .forEach(MovingDevice::thaw));
            }
            if (plan.running()) {
                trouble = trouble.or(() -> trouble(() -> StrandedVm.goOn(address)));
            }
            throw ArrivalChecks.refused("the daemon ended while VM %s migrated: %s"
                    .formatted(
                            vm,
                            trouble.map(why -> ("its drives are here, and its QEMU was not reached (%s): see that it"
                                                    + " does not migrate any more, and let it go on ('cont')")
                                            .formatted(why))
                                    .orElse("it goes on here")));
        }
    }

    private static Optional<String> trouble(Runnable step) {
        try {
            step.run();
            return Optional.empty();
        } catch (ProblemException e) {
            return Optional.of(e.detail());
        }
    }

    static String unknownStill(String peer, String why) {
        return "wait for %s to say whether it has taken the VM (%s); if that host is gone for good, remove the peer as lost ('vnvme peer rm --lost') and the VM goes on here"
                .formatted(peer, why);
    }

    private boolean taken(GivenTo to, JobProgress progress) {
        if (!peers.known(to.peer())) {
            return false;
        }
        return MigratingDrives.taken(
                peers.client(to.peer()), "/api/v1/arrivals/" + to.arrival(), new MigratingDrives.Doubt() {
                    @Override
                    public boolean calledOff() {
                        return !peers.known(to.peer());
                    }

                    @Override
                    public void unknown(String why) {
                        progress.step(unknownStill(to.peer(), why));
                    }

                    @Override
                    public boolean running() {
                        return to.running();
                    }
                });
    }
}

package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.job.JobProgress;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.Arrival;
import io.vnvme.control.model.ArrivalInfo;
import io.vnvme.control.model.ArrivalTarget;
import io.vnvme.control.model.ArrivingVnvme;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MigrateVm;
import io.vnvme.control.model.MigrationCheck;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.peer.PeerClient;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.MirrorKeys;
import io.vnvme.control.plane.MirrorTarget;
import io.vnvme.control.plane.VolumeMirror;
import io.vnvme.control.plane.VolumeMove;
import io.vnvme.control.store.GivenTo;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.MoveSource;
import io.vnvme.control.vm.StrandedVm;
import io.vnvme.control.vm.VmMove;
import io.vnvme.frontend.vfiouser.MovingDevice;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/**
 * VMs that go to other daemons' hosts with the vNVMes that they use.
 *
 * <p>Whose a vNVMe is, is decided in one place: the other daemon's state. Before it is asked to take them this one notes that it may
 * have ({@link VnvmeRecord#givenTo}), and serves them no more until it knows.
 */
public final class Migrations {
    private static final Logger LOG = System.getLogger(Migrations.class.getName());
    /** A VM that writes its memory faster than it is sent never ends; this is for those that are large. */
    private static final Duration COPY_LIMIT = Duration.ofHours(6);
    /** Longest that a VM stands still for any one step. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

    /** Volumes that are thick take their space. */
    private static final Duration EXPECT_LIMIT = Duration.ofMinutes(5);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private final Registry registry;
    private final Volumes volumes;
    private final MigratedVolumes migrated;
    private final Slots slots;
    private final Monitors monitors;
    private final Peers peers;
    private final Jobs jobs;
    private final EventLog events;
    private final MigrationChecks checks;
    private final LeftBehind left;
    private final Settlement settlement;

    Migrations(
            Registry registry,
            Storage storage,
            Slots slots,
            Monitors monitors,
            Peers peers,
            Jobs jobs,
            EventLog events,
            MigrationChecks checks) {
        this.registry = registry;
        this.volumes = storage.volumes;
        this.migrated = storage.migrated;
        this.slots = slots;
        this.monitors = monitors;
        this.peers = peers;
        this.jobs = jobs;
        this.events = events;
        this.checks = checks;
        this.left = new LeftBehind(registry, volumes, migrated);
        this.settlement = new Settlement(registry, volumes, migrated, monitors, peers, jobs, left);
    }

    /** What an earlier daemon had begun. */
    Settlement settlement() {
        return settlement;
    }

    /** @throws ProblemException when a peer is to be forgotten that may have taken a VM, and nobody said that it is lost */
    public void checkForgotten(String peer) {
        settlement.checkForgotten(peer);
    }

    /** Looks whether a VM could migrate, and changes nothing. */
    public MigrationCheck check(String vm, MigrateVm request) {
        return checks.look(checks.wanted(vm, request)).check();
    }

    /** Begins to migrate a VM. What is wrong with that is said before anything is touched. */
    public JobInfo migrate(String vm, MigrateVm request) {
        MigrationChecks.Wanted wanted = checks.wanted(vm, request);
        MigrationChecks.Outcome outcome = checks.look(wanted);
        MigrationChecks.Here here = outcome.here()
                .orElseThrow(() -> ArrivalChecks.refused("VM %s cannot migrate to %s: %s"
                        .formatted(
                                vm,
                                wanted.peer().name(),
                                outcome.check().findings().stream()
                                        .filter(f -> !f.ok())
                                        .map(f -> f.what() + ": " + f.detail())
                                        .collect(Collectors.joining("; ")))));
        Arrival arrival = here.arrival();
        Monitors.Own own = monitors.own(wanted.address());
        List<Moving.Held> held = new ArrayList<>();
        try {
            for (ArrivingVnvme vnvme : arrival.vnvmes()) {
                held.add(volumes.moving().beginMigration(vnvme.name(), vnvme.pool(), vm));
            }
            JobPlan.Migrate plan = plan(wanted, here);
            return jobs.start(plan, vm, true, progress -> {
                try (own) {
                    return run(wanted, arrival, plan, progress);
                } finally {
                    held.forEach(Moving.Held::close);
                }
            });
        } catch (RuntimeException e) {
            held.forEach(Moving.Held::close);
            own.close();
            throw e;
        }
    }

    private JobPlan.Migrate plan(MigrationChecks.Wanted wanted, MigrationChecks.Here here) {
        Arrival arrival = here.arrival();
        List<String> pools = arrival.vnvmes().stream()
                .map(vnvme -> volumes.poolOf(vnvme.name()).id().toString())
                .distinct()
                .toList();
        return new JobPlan.Migrate(
                pools.getFirst(),
                pools,
                wanted.peer().name(),
                null,
                wanted.address().path().toString(),
                arrival.vnvmes().stream().map(ArrivingVnvme::uuid).toList(),
                here.running());
    }

    private String run(MigrationChecks.Wanted wanted, Arrival arrival, JobPlan.Migrate plan, JobProgress progress) {
        PeerClient peer = wanted.peer();
        progress.step("make volumes at " + peer.name());
        ArrivalInfo expected = peer.withLimit(EXPECT_LIMIT).post("/api/v1/arrivals", arrival, ArrivalInfo.class);
        String path = "/api/v1/arrivals/" + expected.id();
        progress.mark(plan.expectedAs(expected.id()));
        List<MigratingDrives.Drive> drives = new ArrayList<>();
        boolean given = false;
        try {
            for (int i = 0; i < arrival.vnvmes().size(); i++) {
                drives.add(
                        drive(wanted, arrival.vnvmes().get(i), expected.vnvmes().get(i)));
            }
            try (MoveSource source = MoveSource.connect(wanted.address())) {
                MigratingDrives moving = new MigratingDrives(
                        peer, expected.id(), drives, gift(wanted, expected.id(), drives, source, progress));
                long copiedBytes = copied(moving, drives, progress);
                try {
                    VmMove.Standstill still = move(wanted, source, expected.id(), moving, copiedBytes, progress);
                    given = true;
                    return ended(wanted, drives, still, progress);
                } catch (RuntimeException | Error e) {
                    given = moving.given();
                    throw e;
                }
            }
        } catch (RuntimeException | Error e) {
            if (given) {
                // It is there, whatever that does: nothing of it may go on here.
                Steps.attempt("ending QEMU of VM " + wanted.vm(), () -> StrandedVm.end(wanted.address()));
                left.removed(arrival.vnvmes().stream().map(ArrivingVnvme::name).toList());
            }
            throw e;
        } finally {
            drives.forEach(drive -> drive.mirror().close());
            if (given) {
                left.done(wanted.vm(), peer, expected.id());
            } else {
                arrival.vnvmes().forEach(vnvme -> left.letIn(vnvme.name()));
                LeftBehind.giveUp(peer, path);
            }
        }
    }

    private MigratingDrives.Drive drive(MigrationChecks.Wanted wanted, ArrivingVnvme vnvme, ArrivalTarget target) {
        if (!target.uuid().equals(vnvme.uuid())) {
            throw ArrivalChecks.refused(
                    "%s has made another volume for %s".formatted(wanted.peer().name(), vnvme.name()));
        }
        Slot slot = slots.showing(vnvme.name())
                .orElseThrow(
                        () -> ArrivalChecks.refused("VM %s has let go of %s".formatted(wanted.vm(), vnvme.name())));
        MovingDevice device = checks.device(slot, vnvme.name());
        String host = wanted.peer().hostName();
        String bracketed = host.contains(":") ? "[" + host + "]" : host;
        List<String> addresses = target.addresses().stream()
                .map(address -> address.startsWith(":") ? bracketed + address : address)
                .toList();
        Export export = volumes.requireExport(vnvme.name());
        // What a host wrote that comes now would be held at the switch, and lost with what is left here.
        export.hosts(Set.of());
        VolumeMirror mirror = export.mirror(new MirrorTarget(
                addresses,
                target.nqn(),
                target.nsid(),
                UUID.fromString(target.uuid()),
                MirrorKeys.keys(target.keys())));
        return new MigratingDrives.Drive(vnvme.name(), vnvme.uuid(), slot.deviceId(), device, mirror);
    }

    /**
     * Returns when so little is left of all that the VM need not wait long for it.
     *
     * @return bytes that were copied
     */
    private static long copied(MigratingDrives moving, List<MigratingDrives.Drive> drives, JobProgress progress) {
        while (true) {
            moving.round();
            long copied = 0;
            long left = 0;
            MigratingDrives.Drive slowest = null;
            for (MigratingDrives.Drive drive : drives) {
                VolumeMove.State state = drive.mirror().state();
                copied += state.copiedBytes();
                left += state.dirtyBytes();
                slowest = slowest == null && !drive.mirror().ready() ? drive : slowest;
            }
            progress.at(copied, copied + left);
            if (slowest == null) {
                return copied;
            }
            VolumeMove.State state = slowest.mirror().state();
            progress.step("copy %s, round %d: %s to go%s"
                    .formatted(
                            slowest.name(),
                            state.round(),
                            ByteSize.format(state.dirtyBytes()),
                            state.slowed() ? ", guests' writes are slowed down" : ""));
            pause(progress);
        }
    }

    private static void pause(JobProgress progress) {
        try {
            Thread.sleep(LOOK_AGAIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException();
        }
        if (progress.cancelled()) {
            throw new CancellationException();
        }
    }

    private VmMove.Standstill move(
            MigrationChecks.Wanted wanted,
            MoveSource source,
            String arrival,
            MigratingDrives moving,
            long copiedBytes,
            JobProgress progress) {
        progress.step("plug drives in at " + wanted.peer().name());
        VmMove[] move = new VmMove[1];
        move[0] = new VmMove(
                source,
                new PeerDestination(wanted.peer(), arrival),
                moving,
                new VmMove.Terms(COPY_LIMIT, STOP_LIMIT, at -> {
                    if (progress.cancelled()) {
                        move[0].cancel();
                    }
                    long done = copiedBytes + at.transferredBytes();
                    progress.at(done, done + at.remainingBytes());
                    progress.step("copy memory: %s to go".formatted(ByteSize.format(at.remainingBytes())));
                }));
        try {
            return move[0].run();
        } catch (RuntimeException e) {
            if (progress.cancelled() && !moving.given()) {
                LOG.log(Level.INFO, "VM {0} stays: {1}", wanted.vm(), e.getMessage());
                CancellationException cancelled = new CancellationException();
                cancelled.initCause(e);
                throw cancelled;
            }
            throw e;
        }
    }

    private MigratingDrives.Gift gift(
            MigrationChecks.Wanted wanted,
            String arrival,
            List<MigratingDrives.Drive> drives,
            MoveSource source,
            JobProgress progress) {
        GivenTo to = new GivenTo(
                wanted.peer().name(),
                arrival,
                wanted.vm(),
                wanted.address().path().toString(),
                source.wasRunning());
        List<String> names = drives.stream().map(MigratingDrives.Drive::name).toList();
        return new MigratingDrives.Gift() {
            @Override
            public void note() {
                progress.step("switch");
                given(names, to);
            }

            @Override
            public void takeBack() {
                names.forEach(migrated::takenBack);
            }

            @Override
            public boolean calledOff() {
                return !peers.known(wanted.peer().name());
            }

            @Override
            public void unknown(String why) {
                progress.step(Settlement.unknownStill(wanted.peer().name(), why));
            }

            @Override
            public boolean running() {
                return source.wasRunning();
            }
        };
    }

    private void given(List<String> names, GivenTo to) {
        registry.update(state -> {
            State after = state;
            for (String name : names) {
                after = after.with(volumes.require(name).given(to));
            }
            return after;
        });
    }

    private String ended(
            MigrationChecks.Wanted wanted,
            List<MigratingDrives.Drive> drives,
            VmMove.Standstill still,
            JobProgress progress) {
        progress.step("remove what is left here");
        long copied = drives.stream()
                .mapToLong(drive -> drive.mirror().state().copiedBytes())
                .sum();
        List<String> names = drives.stream().map(MigratingDrives.Drive::name).toList();
        String rest = left.removed(names);
        String text = "VM %s runs on %s: %s copied of %s, it stood still for %.0f ms (%s)%s"
                .formatted(
                        wanted.vm(),
                        wanted.peer().name(),
                        ByteSize.format(copied),
                        String.join(", ", names),
                        (still.freeze().toNanos()
                                        + still.handOver().toNanos()
                                        + still.replay().toNanos()
                                        + still.load().toNanos())
                                / 1e6,
                        "drives %d, memory %d, PCI %d, switch %d"
                                .formatted(
                                        still.freeze().toMillis(),
                                        still.handOver().toMillis(),
                                        still.replay().toMillis(),
                                        still.load().toMillis()),
                        rest);
        events.add(EventKind.VM_MIGRATED, wanted.vm(), text);
        return text;
    }
}

package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.ArrivalInfo;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.store.ArrivedVm;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.QemuDestination;
import io.vnvme.frontend.vfiouser.MovingDevice;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * VMs that have come from other daemons, and whose senders may still ask for something. That one has come is in the state, with its
 * drives, until its sender has said that nothing is left of it there.
 */
final class ArrivedVms {
    private static final Logger LOG = System.getLogger(ArrivedVms.class.getName());
    /** One goes on by itself when whoever sent it does not say so in that time. */
    private static final Duration GO_ON_AFTER = Duration.ofSeconds(10);

    private final Registry registry;
    private final Volumes volumes;
    private final Slots slots;
    private final KnownSockets sockets;
    private final Monitors monitors;
    private final EventLog events;
    private final ArrivalFolders folders;
    private final long startNs = System.nanoTime();
    private final Map<String, ExpectedVm> arrived = new ConcurrentHashMap<>();

    ArrivedVms(
            Registry registry,
            Volumes volumes,
            Slots slots,
            KnownSockets sockets,
            Monitors monitors,
            EventLog events,
            ArrivalFolders folders) {
        this.registry = registry;
        this.volumes = volumes;
        this.slots = slots;
        this.sockets = sockets;
        this.monitors = monitors;
        this.events = events;
        this.folders = folders;
    }

    /** Whether it has come, to this daemon. */
    boolean has(String id) {
        return arrived.containsKey(id);
    }

    /** Now and then: those go on of whose senders nothing is heard. */
    void look() {
        arrived.values().stream()
                .filter(vm -> vm.silentNs() > GO_ON_AFTER.toNanos())
                .forEach(vm -> Steps.attempt(
                        "letting VM %s go on".formatted(vm.arrival().vm()), () -> goOnAlone(vm)));
        if (System.nanoTime() - startNs > GO_ON_AFTER.toNanos()) {
            registry.state().arrived().stream()
                    .filter(vm -> vm.runs() && !arrived.containsKey(vm.arrival()))
                    .forEach(vm -> {
                        Steps.attempt("letting the VM at %s go on".formatted(vm.qmp()), () -> goOnFromBefore(vm));
                        Steps.attempt("noting that it has gone on", () -> goneOn(vm));
                    });
        }
    }

    /**
     * From here on a VM's drives are this daemon's. Alone with the VM.
     *
     * @param taken done as soon as that is so
     * @throws ProblemException when they are not
     */
    void take(ExpectedVm vm, Runnable taken) {
        if (!vm.complete()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "not all of the VM's devices have come");
        }
        for (ExpectedVm.Drive drive : vm.drives()) {
            // Whoever has written it has done so, and is not let in again.
            drive.export().hosts(Set.of());
            vm.reservations(drive.record().uuid()).ifPresent(bytes -> reserved(drive, bytes));
        }
        registry.exclusively(() -> {
            for (ExpectedVm.Drive drive : vm.drives()) {
                if (registry.state().vnvme(drive.coming().name()).isPresent()) {
                    throw new ProblemException(
                            ProblemCode.NAME_TAKEN,
                            "there is a vNVMe %s now".formatted(drive.coming().name()));
                }
            }
            registry.update(before -> {
                State state = before.with(new ArrivedVm(
                        vm.id(),
                        vm.socket().path().toString(),
                        vm.drives().stream().map(drive -> drive.record().uuid()).toList(),
                        vm.runs()));
                for (ExpectedVm.Drive drive : vm.drives()) {
                    state = state.with(settled(drive));
                }
                return state;
            });
            return true;
        });
        // From here on nothing may say otherwise.
        arrived.put(vm.id(), vm);
        taken.run();
        vm.drives().forEach(this::settle);
        vm.letGo();
        Steps.attempt("letting the drives of VM %s go on".formatted(vm.arrival().vm()), () -> vm.resume(slots));
        sockets.seen(vm.socket(), vm.arrival().vm());
        monitors.arrived(vm.socket());
        events.add(
                EventKind.VM_ARRIVED,
                vm.arrival().vm(),
                "VM %s has come from another host, with %s"
                        .formatted(
                                vm.arrival().vm(),
                                String.join(
                                        ", ",
                                        vm.drives().stream()
                                                .map(drive -> drive.coming().name())
                                                .toList())));
    }

    private void reserved(ExpectedVm.Drive drive, byte[] bytes) {
        try {
            drive.export().reservations(bytes);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "reservations of %s cannot be read: %s"
                            .formatted(drive.coming().name(), e.getMessage()),
                    e);
        }
    }

    private static VnvmeRecord settled(ExpectedVm.Drive drive) {
        return drive.record().withHosts(drive.coming().hosts());
    }

    private void settle(ExpectedVm.Drive drive) {
        String name = drive.coming().name();
        VnvmeRecord settled = settled(drive);
        Export export = drive.export();
        // At the latest when its pool is opened again: the state names it.
        Steps.attempt("naming the volume of " + name, () -> drive.pool().rename(MovedVolumes.unfinished(name), name));
        Steps.attempt("letting hosts have " + name, () -> export.hosts(Set.copyOf(settled.hosts())));
        Steps.attempt("closing the way that was open for the copy of " + name, () -> export.arriving(false));
    }

    /** Asked once more: by a daemon that did not hear the answer, maybe of one that was here before. */
    ArrivalInfo answer(String id) {
        thaw(registry.state().arrived(id).orElseThrow(Arrivals::unknown));
        return new ArrivalInfo(id, List.of());
    }

    /** An earlier daemon may not have got so far. */
    private void thaw(ArrivedVm vm) {
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            if (vm.vnvmes().contains(vnvme.uuid())) {
                Steps.attempt(
                        "letting %s go on".formatted(vnvme.name()),
                        () -> volumes.requireExport(vnvme.name()).devices().stream()
                                .filter(MovingDevice::frozen)
                                .forEach(device -> {
                                    device.thaw();
                                    device.raiseAll();
                                }));
            }
        }
    }

    private void goOnAlone(ExpectedVm vm) {
        LOG.log(
                Level.WARNING,
                "VM {0} has come, and nothing is heard of whoever sent it",
                vm.arrival().vm());
        synchronized (vm) {
            if (arrived.remove(vm.id()) == null) {
                return;
            }
            try {
                goOn(vm);
            } finally {
                vm.close();
                folders.remove(vm.id());
            }
        }
    }

    private void goOn(ExpectedVm vm) {
        if (vm.runs()) {
            vm.destination().goOn();
            vm.runs(false);
            registry.update(state -> state.goneOn(vm.id()));
        }
    }

    /** One that came to an earlier daemon, which did not get so far as to let it go on. */
    private void goOnFromBefore(ArrivedVm vm) {
        thaw(vm);
        try (QemuDestination destination =
                QemuDestination.connect(ArrivalChecks.socket(vm.qmp()), folders.root(), "")) {
            destination.goOn();
        }
        goneOn(vm);
    }

    /** Once: whoever pauses it later means it. */
    private void goneOn(ArrivedVm vm) {
        registry.update(state -> state.goneOn(vm.arrival()));
    }

    /** The VM goes on here. Asked again, it is answered again. */
    void goOn(String id) {
        ExpectedVm vm = arrived.get(id);
        if (vm == null) {
            ArrivedVm before = registry.state().arrived(id).orElseThrow(Arrivals::unknown);
            if (before.runs()) {
                goOnFromBefore(before);
            }
            return;
        }
        vm.heard();
        synchronized (vm) {
            goOn(vm);
        }
    }

    /** Whoever sent it is done with it. */
    void end(String id) {
        ExpectedVm vm = arrived.get(id);
        if (vm != null) {
            synchronized (vm) {
                if (arrived.remove(id) != null) {
                    Steps.attempt("letting VM %s go on".formatted(vm.arrival().vm()), () -> goOn(vm));
                    vm.close();
                    folders.remove(id);
                }
            }
        }
        if (registry.state().arrived(id).isPresent()) {
            registry.update(state -> state.withoutArrived(id));
        }
    }

    /** Lets go of their monitors. */
    void close() {
        arrived.values().forEach(ExpectedVm::close);
    }
}

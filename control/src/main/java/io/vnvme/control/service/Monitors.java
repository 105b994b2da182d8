package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.vm.Connector;
import io.vnvme.control.vm.QemuVm;
import io.vnvme.control.vm.QmpException;
import io.vnvme.control.vm.VmAddress;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Watches VMs that have a drive of ours for migration: QEMU lets them migrate, reports success, and the drive is dead
 * at the destination. So it is cancelled.
 *
 * <p>A monitor serves one client at a time, so it is asked now and then and let go at once: whoever else uses it is held
 * up for a few milliseconds. What happened between two looks still shows, since a source keeps the state of its last
 * migration. A monitor that another client holds for good cannot be watched, and is reported as that.
 */
final class Monitors implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Monitors.class.getName());

    /** Libvirt is asked by a process for each VM: more seldom. */
    private static final int ROUNDS_OF_DOMAINS = 5;

    private final Slots slots;
    private final Connector connector;
    private final EventLog events;
    private final Duration interval;
    private final Map<VmAddress, String> findings = new ConcurrentHashMap<>();
    /** VMs whose migration is ours. */
    private final Set<VmAddress> ours = ConcurrentHashMap.newKeySet();
    /** VMs of which QEMU may still say that a migration of ours is completed, though they went on here. */
    private final Set<VmAddress> seen = ConcurrentHashMap.newKeySet();

    private final Thread thread;

    Monitors(Slots slots, Connector connector, Duration interval, EventLog events) {
        this.events = events;
        this.slots = slots;
        this.connector = connector;
        this.interval = interval;
        this.thread = Thread.ofVirtual().name("migration watch").start(this::run);
    }

    /** A VM that is looked after by whoever migrates it, until this is closed. */
    interface Own extends AutoCloseable {
        @Override
        void close();
    }

    /** From now on a migration of that VM is ours. @throws ProblemException when it is already */
    Own own(VmAddress vm) {
        if (!ours.add(vm)) {
            throw new ProblemException(ProblemCode.VM_MIGRATING, "the VM at %s migrates already".formatted(vm));
        }
        findings.remove(vm);
        return () -> {
            seen.add(vm);
            ours.remove(vm);
        };
    }

    /** A VM has come, and QEMU will say for good that its migration is completed. */
    void arrived(VmAddress vm) {
        seen.add(vm);
    }

    private void run() {
        try {
            for (int round = 1; true; round++) {
                Thread.sleep(interval);
                look(round % ROUNDS_OF_DOMAINS == 0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look(boolean domainsToo) {
        findings.keySet().retainAll(slots.vms());
        seen.retainAll(slots.vms());
        for (VmAddress address : slots.vms()) {
            try {
                if (!ours.contains(address) && (domainsToo || address instanceof VmAddress.Socket)) {
                    look(address);
                }
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "watching the VM at " + address, e);
            }
        }
    }

    private void look(VmAddress address) {
        try (QemuVm vm = connector.connect(address)) {
            Optional<String> migration = vm.migration();
            if (migration.isEmpty() || seen.contains(address) && migration.get().equals(QemuVm.COMPLETED)) {
                findings.remove(address);
                return;
            }
            seen.remove(address);
            List<String> shown = slots.of(address).stream()
                    .flatMap(slot -> slot.shown().stream())
                    .toList();
            if (shown.isEmpty()) {
                // A parked controller has no drive to lose.
                findings.remove(address);
                return;
            }
            migrates(address, vm, migration.get(), String.join(", ", shown));
        } catch (ProblemException e) {
            switch (address) {
                case VmAddress.Socket socket -> {
                    if (e.code() == ProblemCode.VM_MONITOR_BUSY && Files.exists(socket.path())) {
                        notWatched(address, "the QMP socket %s is held by another client".formatted(socket));
                    }
                }
                case VmAddress.Domain domain -> {
                    if (e.code() == ProblemCode.LIBVIRT_UNREACHABLE) {
                        notWatched(address, "libvirt is not reached for VM %s".formatted(domain.name()));
                    }
                }
            }
        }
    }

    private void migrates(VmAddress address, QemuVm vm, String state, String vnvmes) {
        String name = vm.name();
        String last = state;
        String why;
        try {
            if (!state.equals(QemuVm.COMPLETED) && vm.cancelMigration()) {
                findings.remove(address);
                events.add(
                        EventKind.MIGRATION_CANCELLED,
                        name,
                        "VM %s was about to be migrated with %s, which would have been dead there: the migration is cancelled; detach, then migrate"
                                .formatted(name, vnvmes));
                return;
            }
            last = vm.migration().orElse(state);
            why = "it was over before it could be cancelled";
        } catch (QmpException | ProblemException e) {
            why = "it could not be cancelled: " + e.getMessage();
        }
        String finding = "VM %s is being migrated, or was (%s), with %s: %s; the drive is dead where it arrives"
                .formatted(name, last, vnvmes, why);
        if (!finding.equals(findings.put(address, finding))) {
            events.add(EventKind.MIGRATION_UNSTOPPED, name, finding);
        }
    }

    private void notWatched(VmAddress address, String why) {
        String finding = why + ": a migration of that VM would go unnoticed";
        if (!finding.equals(findings.put(address, finding))) {
            LOG.log(Level.WARNING, finding);
        }
    }

    /** What needs attention in that VM. */
    List<String> warnings(VmAddress vm) {
        return Optional.ofNullable(findings.get(vm)).stream().toList();
    }

    /** What needs attention in any VM. */
    List<String> warnings() {
        return List.copyOf(findings.values());
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}

package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.StepInfo;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.Connector;
import io.vnvme.control.vm.Libvirt;
import io.vnvme.control.vm.QemuVm;
import io.vnvme.control.vm.VmAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * Plugs vNVMes into running VMs and takes them out again.
 *
 * <p>Where PCI unplug would abort QEMU, taking out means that the namespace is detached; the empty controller stays in
 * the VM, parked, and the next vNVMe for that VM is shown on it.
 */
final class Attachments {
    private static final String CONNECT = "connect to monitor";
    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);
    private static final Duration TAKE_BACK = Duration.ofSeconds(5);

    private final Volumes volumes;
    private final Slots slots;
    private final Connector connector;
    private final KnownSockets sockets;
    private final KeyedLocks names = new KeyedLocks();
    private final KeyedLocks vms = new KeyedLocks();

    Attachments(Volumes volumes, Slots slots, Connector connector, KnownSockets sockets) {
        this.volumes = volumes;
        this.slots = slots;
        this.connector = connector;
        this.sockets = sockets;
    }

    /** What came of an attach or a detach. */
    record Outcome(String text, long micros, List<StepInfo> steps, List<String> warnings) {}

    /**
     * Plugs a vNVMe into a VM, and waits for the guest to start it.
     *
     * @param forceSlow also when the VM's memory cannot be mapped
     * @throws ProblemException when it cannot be; the VM is as it was
     */
    Outcome attach(String name, VmAddress address, boolean forceSlow, Duration wait) {
        try (KeyedLocks.Held _ = names.hold(name);
                KeyedLocks.Held _ = vms.hold(address.toString());
                Steps steps = new Steps("attach " + name)) {
            VnvmeRecord vnvme = volumes.require(name);
            Export export = volumes.requireExport(name);
            checkFree(name, vnvme.access().shared());
            QemuVm vm = steps.open(CONNECT, () -> connector.connect(address), QemuVm::close);
            if (address instanceof VmAddress.Socket socket) {
                sockets.seen(socket, vm.name());
            }
            steps.run("check VM", vm::checkRunning);
            List<String> warnings = new ArrayList<>();
            Optional<Slot> parked = slots.parked(address, name, vnvme.msi()).filter(s -> vm.has(s.deviceId()));
            Slot slot = parked.isPresent()
                    ? reuse(parked.get(), name, steps)
                    : plug(vm, vnvme, export, forceSlow, steps, warnings);
            slot.show(name);
            steps.run("wait for guest", () -> await(() -> slot.connection().ready() || !slot.open(), wait));
            if (!slot.open()) {
                throw new ProblemException(
                        ProblemCode.VM_UNREACHABLE,
                        "VM %s went away while %s was plugged in".formatted(vm.name(), name));
            }
            steps.done();
            String text = slot.connection().ready()
                    ? "%s is attached to VM %s".formatted(name, vm.name())
                    : "%s is plugged into VM %s; its guest has not started it yet".formatted(name, vm.name());
            return new Outcome(text, steps.micros(), steps.taken(), warnings);
        }
    }

    /** @param beside whether hosts may have it meanwhile */
    private void checkFree(String name, boolean beside) {
        Optional<Slot> other = slots.showing(name);
        if (other.isPresent()) {
            throw new ProblemException(
                    ProblemCode.ALREADY_ATTACHED,
                    "%s is attached to VM %s already: detach it first ('vnvme detach %1$s')"
                            .formatted(name, other.get().vm()));
        }
        client(name, c -> c.host().isEmpty() || !beside).ifPresent(client -> {
            throw new ProblemException(
                    ProblemCode.VNVME_IN_USE,
                    client.host()
                            .map(nqn -> "host %s has %s over TCP: disconnect it there first".formatted(nqn, name))
                            .orElseGet(() -> "%s is in use by process %d, which connected by itself: stop that first"
                                    .formatted(name, client.pid())));
        });
    }

    /** A client that is shown the vNVMe and was not plugged in by us. */
    private Optional<Connection> client(String name, Predicate<Connection> which) {
        return volumes.exports().connections(name).stream()
                .filter(c -> c.open() && c.shown().contains(name))
                .filter(which)
                .findFirst();
    }

    private static Slot reuse(Slot parked, String name, Steps steps) {
        steps.run("show on parked controller", () -> parked.connection().show(name), () -> {
            parked.connection().hide(name);
            parked.park();
        });
        return parked;
    }

    private Slot plug(
            QemuVm vm, VnvmeRecord vnvme, Export export, boolean forceSlow, Steps steps, List<String> warnings) {
        String name = vnvme.name();
        steps.run("check QEMU", vm::checkVfioUser);
        boolean slow = checkMemory(vm, name, forceSlow, warnings);
        String port = steps.get("find PCIe port", vm::freePort, () -> {});
        int nth = firstFree(vm, name);
        String deviceId = deviceId(name, nth);
        Path socket = steps.get("name socket", () -> volumes.exports().socket(name, nth), () -> {});
        Set<Connection> before = new HashSet<>(export.connections());
        Optional<Libvirt.Owner> owner = steps.get("find QEMU's user", () -> connector.owner(vm.address()), () -> {});
        Slot slot = steps.get(
                "plug in",
                () -> {
                    try (SocketFolders.Lent _ = volumes.exports().lend(socket, owner)) {
                        vm.plug(deviceId, port, socket);
                    }
                    Connection connection = export.connections().stream()
                            .filter(c -> c.open() && !before.contains(c))
                            .findFirst()
                            .orElseThrow(() -> new ProblemException(
                                    ProblemCode.VM_REFUSED,
                                    "QEMU of VM %s took the device but is not connected to %s: look at QEMU's log"
                                            .formatted(vm.name(), socket)));
                    return new Slot(vm.address(), vm.name(), vm.version(), deviceId, name, vnvme.msi(), connection);
                },
                () -> {});
        steps.run("take note", () -> slots.add(slot), () -> takeBack(vm, slot, name));
        slot.slow(slow);
        return slot;
    }

    /** Undoes a plug as far as this QEMU survives it. */
    private void takeBack(QemuVm vm, Slot slot, String name) {
        if (!slot.open()) {
            slots.remove(slot);
        } else if (slot.unplugs() && vm.unplug(slot.deviceId(), TAKE_BACK)) {
            slots.remove(slot);
        } else {
            slot.connection().hide(name);
            slot.park();
        }
    }

    private static boolean checkMemory(QemuVm vm, String name, boolean forceSlow, List<String> warnings) {
        Optional<String> notShared = vm.memoryNotShared();
        if (notShared.isEmpty()) {
            return false;
        }
        if (!forceSlow) {
            throw new ProblemException(
                    ProblemCode.VM_MEMORY_NOT_SHARED,
                    "VM %s has memory that is not shared (%s): %s, or attach with --force-slow"
                            .formatted(vm.name(), notShared.get(), vm.sharedMemoryAdvice()));
        }
        warnings.add("VM %s does not share its memory: every byte of %s goes through messages, which is slow"
                .formatted(vm.name(), name));
        return true;
    }

    /** A device of that name may still be there: its controller shows another vNVMe, or died with an earlier daemon. */
    private static int firstFree(QemuVm vm, String name) {
        int nth = 1;
        while (vm.has(deviceId(name, nth))) {
            nth++;
        }
        return nth;
    }

    private static String deviceId(String name, int nth) {
        return nth == 1 ? "vnvme-" + name : "vnvme-%s.%d".formatted(name, nth);
    }

    /**
     * Takes a vNVMe out of its VM and waits until the guest has let go.
     *
     * @param from name of the VM that it is to be taken out of; nothing: whichever has it
     * @param force does not wait: the namespace is detached at once, the controller stays parked
     * @throws ProblemException when the guest does not let go in time; the guest then still has the drive
     */
    Outcome detach(String name, Optional<String> from, boolean force, Duration wait) {
        try (KeyedLocks.Held _ = names.hold(name);
                Steps steps = new Steps("detach " + name)) {
            volumes.require(name);
            Slot slot = slots.showing(name).orElseThrow(() -> notAttached(name));
            if (from.isPresent() && !from.get().equals(slot.vm())) {
                throw new ProblemException(
                        ProblemCode.NOT_ATTACHED,
                        "%s is attached to VM %s, not to %s".formatted(name, slot.vm(), from.get()));
            }
            try (KeyedLocks.Held _ = vms.hold(slot.address().toString())) {
                String text = slot.unplugs() && !force
                        ? unplug(slot, name, wait, steps)
                        : hide(slot, name, force, wait, steps);
                steps.done();
                return new Outcome(text, steps.micros(), steps.taken(), List.of());
            }
        }
    }

    private ProblemException notAttached(String name) {
        Optional<Connection> client = client(name, c -> c.host().isEmpty());
        return new ProblemException(
                ProblemCode.NOT_ATTACHED,
                client.isPresent()
                        ? "%s was not plugged in by 'vnvme attach': process %d connected by itself; take it out there"
                                .formatted(name, client.get().pid())
                        : "%s is not attached to any VM".formatted(name));
    }

    private String unplug(Slot slot, String name, Duration wait, Steps steps) {
        QemuVm vm = steps.open(CONNECT, () -> connector.connect(slot.address()), QemuVm::close);
        steps.run("unplug", () -> {
            if (!vm.unplug(slot.deviceId(), wait)) {
                throw guestHolds(slot, name, wait);
            }
        });
        steps.run("wait for QEMU", () -> await(() -> !slot.open(), wait));
        slots.remove(slot);
        return "%s is unplugged from VM %s".formatted(name, slot.vm());
    }

    private String hide(Slot slot, String name, boolean force, Duration wait, Steps steps) {
        Connection connection = slot.connection();
        steps.run("detach namespace", () -> connection.hide(name), () -> connection.show(name));
        if (!force) {
            steps.run("wait for guest", () -> {
                if (!await(() -> connection.settled() || !connection.open(), wait)) {
                    throw guestHolds(slot, name, wait);
                }
            });
        }
        slot.park();
        return "%s is detached from VM %s; the empty controller stays there for its next attach"
                .formatted(name, slot.vm());
    }

    private static ProblemException guestHolds(Slot slot, String name, Duration wait) {
        return new ProblemException(
                ProblemCode.GUEST_HOLDS,
                "the guest of VM %s did not let go of %s within %d s: see that it runs, then try again, or use --force"
                        .formatted(slot.vm(), name, wait.toSeconds()));
    }

    /** Looks every few milliseconds: the engine's registers raise no event that another thread could wait for. */
    private static boolean await(BooleanSupplier condition, Duration timeout) {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() >= deadlineNs) {
                return false;
            }
            try {
                Thread.sleep(LOOK_AGAIN);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ProblemException(ProblemCode.INTERNAL, "interrupted while waiting for a guest", e);
            }
        }
        return true;
    }

    /**
     * Runs a change to a vNVMe that no guest may see, while nobody can attach it.
     *
     * @throws ProblemException when somebody has it
     */
    void whileFree(String name, Runnable change) {
        try (KeyedLocks.Held _ = names.hold(name)) {
            volumes.requireNotAwaited(volumes.require(name));
            checkFree(name, false);
            change.run();
        }
    }
}

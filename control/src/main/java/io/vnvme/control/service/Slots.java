package io.vnvme.control.service;

import io.vnvme.control.vm.VmAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** Controllers that are plugged into VMs. One whose VM is gone, or was unplugged by others, drops out by itself. */
final class Slots {
    private final List<Slot> slots = new CopyOnWriteArrayList<>();

    void add(Slot slot) {
        slots.add(slot);
    }

    void remove(Slot slot) {
        slots.remove(slot);
    }

    List<Slot> open() {
        slots.removeIf(slot -> !slot.open());
        return List.copyOf(slots);
    }

    /** The one that shows {@code vnvme}. */
    Optional<Slot> showing(String vnvme) {
        return open().stream().filter(s -> s.shown().equals(Optional.of(vnvme))).findFirst();
    }

    /** A parked one in that VM with those interrupts, preferably the vNVMe's own. */
    Optional<Slot> parked(VmAddress vm, String vnvme, boolean msi) {
        return open().stream()
                .filter(s -> s.address().equals(vm) && s.shown().isEmpty() && s.msi() == msi)
                .max(Comparator.comparing(s -> s.home().equals(vnvme)));
    }

    /** All in that VM, parked or not. */
    List<Slot> of(VmAddress vm) {
        return open().stream().filter(s -> s.address().equals(vm)).toList();
    }

    /** VMs that have at least one. */
    Set<VmAddress> vms() {
        return open().stream().map(Slot::address).collect(Collectors.toUnmodifiableSet());
    }
}

package io.vnvme.control.service;

import io.vnvme.control.model.Arrival;
import io.vnvme.control.model.ArrivingVnvme;
import io.vnvme.control.model.MigrateVm;
import io.vnvme.control.model.MigrationCheck;
import io.vnvme.control.model.MigrationFinding;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.peer.PeerClient;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.plane.LayerUsage;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.Connector;
import io.vnvme.control.vm.MoveSource;
import io.vnvme.control.vm.QemuVm;
import io.vnvme.control.vm.VmAddress;
import io.vnvme.frontend.vfiouser.MovingDevice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What is looked at before a VM migrates, here and where it goes. */
final class MigrationChecks {
    private final Peers peers;
    private final Volumes volumes;
    private final Slots slots;
    private final Vms vms;
    private final Connector connector;
    private final DataPlane dataPlane;

    MigrationChecks(Peers peers, Volumes volumes, Slots slots, Vms vms, Connector connector, DataPlane dataPlane) {
        this.peers = peers;
        this.volumes = volumes;
        this.slots = slots;
        this.vms = vms;
        this.connector = connector;
        this.dataPlane = dataPlane;
    }

    /**
     * A VM that is to go to a peer.
     *
     * @param address of its QEMU
     * @param qmp path of its QMP socket where it goes
     */
    record Wanted(String vm, VmAddress.Socket address, PeerClient peer, String qmp, MigrateVm request) {}

    /** @throws ProblemException when there is no such VM or peer, or it is none that can go */
    Wanted wanted(String vm, MigrateVm request) {
        String to = request.to();
        if (to == null || to.isBlank()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "where to? name a peer ('to'): see 'vnvme peer ls'");
        }
        PeerClient peer = peers.client(to);
        return switch (vms.address(vm, null)) {
            case VmAddress.Socket socket -> {
                String there = request.qmp();
                yield new Wanted(
                        vm,
                        socket,
                        peer,
                        there == null || there.isBlank() ? socket.path().toString() : there,
                        request);
            }
            case VmAddress.Domain domain ->
                throw ArrivalChecks.refused(
                        "VM %s is libvirt's: libvirt alone may migrate its VMs, and would leave the drives behind; detach them ('vnvme detach'), migrate it, and attach them there"
                                .formatted(domain.name()));
        };
    }

    /**
     * A VM as it is here.
     *
     * @param arrival what is told to the peer
     * @param running whether it runs, and is not paused
     */
    record Here(Arrival arrival, boolean running) {}

    /** A check, and the VM when all is well. */
    record Outcome(MigrationCheck check, Optional<Here> here) {}

    /** Looks at everything, here and there; nothing changes. */
    Outcome look(Wanted wanted) {
        List<MigrationFinding> all = new ArrayList<>();
        all.add(ArrivalChecks.finding("peer", () -> peer(wanted.peer())));
        List<Slot> drives = slots.of(wanted.address());
        all.add(ArrivalChecks.finding("drives", () -> drives(wanted, drives)));
        Here[] here = new Here[1];
        all.add(ArrivalChecks.finding("QEMU here", () -> {
            here[0] = here(wanted, drives);
            Arrival arrival = here[0].arrival();
            return "QEMU %s, %d MiB of memory".formatted(arrival.qemu(), arrival.memoryBytes() >> 20);
        }));
        if (all.stream().allMatch(MigrationFinding::ok)) {
            try {
                all.addAll(wanted.peer()
                        .post("/api/v1/arrivals/check", here[0].arrival(), MigrationCheck.class)
                        .findings());
            } catch (ProblemException e) {
                all.add(new MigrationFinding("peer", false, e.detail()));
            }
        }
        MigrationCheck check = MigrationCheck.of(all);
        return new Outcome(check, check.ready() ? Optional.of(here[0]) : Optional.empty());
    }

    private static String peer(PeerClient peer) {
        SystemInfo system = peer.get("/api/v1/system", SystemInfo.class);
        return "%s answers, version %s".formatted(peer.name(), system.version());
    }

    private String drives(Wanted wanted, List<Slot> all) {
        if (all.isEmpty()) {
            throw ArrivalChecks.refused(
                    "VM %s has no vNVMe that 'vnvme attach' gave it: any other migration does for it"
                            .formatted(wanted.vm()));
        }
        for (Slot slot : all) {
            String name = slot.shown()
                    .orElseThrow(() -> ArrivalChecks.refused(
                            "VM %s has an empty controller, of a vNVMe that was detached: attach one to it, or stop the VM and start it again"
                                    .formatted(wanted.vm())));
            if (!slot.home().equals(name)) {
                throw ArrivalChecks.refused(
                        "%s is shown on a controller that was of %s: stop the VM, start it again and attach it anew"
                                .formatted(name, slot.home()));
            }
            drive(name);
            device(slot, name);
        }
        return all.stream().flatMap(slot -> slot.shown().stream()).sorted().collect(Collectors.joining(", "));
    }

    private void drive(String name) {
        VnvmeRecord vnvme = volumes.require(name);
        OpenPool pool = volumes.poolOf(name);
        volumes.requireStill(name);
        volumes.requireExport(name);
        if (vnvme.encrypted()) {
            throw ArrivalChecks.refused("%s is encrypted: such a vNVMe cannot go to another host yet".formatted(name));
        }
        List<String> snapshots = pool.layers().stream()
                .filter(layer -> layer.snapshot() && layer.name().startsWith(name + "@"))
                .map(layer -> layer.name())
                .toList();
        if (!snapshots.isEmpty()) {
            throw ArrivalChecks.refused(
                    "%s has snapshots, which cannot go with it yet (%s): remove them ('vnvme snapshot rm'), or export them"
                            .formatted(name, String.join(", ", snapshots)));
        }
        Set<String> hosts = new TreeSet<>();
        volumes.exports().connections(name).stream()
                .filter(Connection::open)
                .forEach(c -> c.host().ifPresent(hosts::add));
        if (!hosts.isEmpty()) {
            throw ArrivalChecks.refused("hosts have %s over TCP (%s), and would lose it: disconnect them first"
                    .formatted(name, String.join(", ", hosts)));
        }
    }

    /** The device of a slot. */
    MovingDevice device(Slot slot, String name) {
        return volumes.requireExport(name).devices().stream()
                .filter(device -> device.peer().pid() == slot.connection().pid())
                .findFirst()
                .orElseThrow(() -> ArrivalChecks.refused("VM %s has let go of %s".formatted(slot.vm(), name)));
    }

    private Here here(Wanted wanted, List<Slot> drives) {
        String version;
        long memoryBytes;
        List<ArrivingVnvme> vnvmes;
        try (QemuVm vm = connector.connect(wanted.address())) {
            version = vm.version().toString();
            memoryBytes = vm.memoryBytes();
            vm.memoryNotShared().ifPresent(backend -> {
                throw ArrivalChecks.refused(
                        "the VM does not share its memory (%s): %s".formatted(backend, vm.sharedMemoryAdvice()));
            });
            vnvmes = drives.stream()
                    .sorted(Comparator.comparing(Slot::deviceId))
                    .map(slot -> arriving(slot, vm.portOf(slot.deviceId())))
                    .toList();
        }
        boolean running;
        try (MoveSource source = MoveSource.connect(wanted.address())) {
            Set<String> devices = source.examine().keySet();
            running = source.wasRunning();
            Set<String> own = drives.stream().map(Slot::deviceId).collect(Collectors.toSet());
            Set<String> others = new TreeSet<>(devices);
            others.removeAll(own);
            if (!others.isEmpty()) {
                throw ArrivalChecks.refused(
                        "the VM has vfio-user devices that 'vnvme attach' did not give it (%s): only those can go with it"
                                .formatted(String.join(", ", others)));
            }
        }
        Arrival arrival = new Arrival(
                wanted.vm(),
                wanted.qmp(),
                version,
                memoryBytes,
                wanted.request().pool(),
                dataPlane.hostNqn(),
                vnvmes);
        return new Here(arrival, running);
    }

    private ArrivingVnvme arriving(Slot slot, String port) {
        String name = slot.shown().orElse(slot.home());
        VnvmeRecord vnvme = volumes.require(name);
        LayerUsage usage = volumes.poolOf(name).usages(List.of(name)).getOrDefault(name, LayerUsage.NONE);
        return new ArrivingVnvme(
                name,
                vnvme.uuid(),
                vnvme.sizeBytes(),
                usage.usedBytes(),
                vnvme.blockSizeBytes(),
                vnvme.thick(),
                vnvme.checksum(),
                vnvme.msi(),
                vnvme.doorbells(),
                vnvme.createdAt(),
                vnvme.qos(),
                vnvme.hosts(),
                vnvme.access().shared(),
                vnvme.pool(),
                slot.deviceId(),
                port);
    }
}

package io.vnvme.control.service;

import io.vnvme.control.model.Arrival;
import io.vnvme.control.model.ArrivingVnvme;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.MigrationFinding;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.State;
import io.vnvme.control.vm.Connector;
import io.vnvme.control.vm.QemuDestination;
import io.vnvme.control.vm.QemuVersion;
import io.vnvme.control.vm.QemuVm;
import io.vnvme.control.vm.VmAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is looked at where a VM is to arrive, before anything is done. */
final class ArrivalChecks {
    private final Registry registry;
    private final Volumes volumes;
    private final OpenPools pools;
    private final PoolChoice choice;
    private final DataPlane dataPlane;
    private final Connector connector;
    private final Path folder;

    /** @param folder for sockets of QEMUs */
    ArrivalChecks(
            Registry registry,
            Volumes volumes,
            OpenPools pools,
            PoolChoice choice,
            DataPlane dataPlane,
            Connector connector,
            Path folder) {
        this.registry = registry;
        this.volumes = volumes;
        this.pools = pools;
        this.choice = choice;
        this.dataPlane = dataPlane;
        this.connector = connector;
        this.folder = folder;
    }

    /** Everything, whatever was found before. */
    List<MigrationFinding> findings(Arrival arrival) {
        List<MigrationFinding> all = new ArrayList<>();
        all.add(finding("QEMU there", () -> qemu(arrival)));
        all.add(finding("names", () -> names(arrival)));
        all.add(finding("space", () -> space(arrival)));
        all.add(finding("network", this::network));
        return all;
    }

    /** A look that says what it found, or throws what is wrong. */
    static MigrationFinding finding(String what, Supplier<String> look) {
        try {
            return new MigrationFinding(what, true, look.get());
        } catch (ProblemException e) {
            return new MigrationFinding(what, false, e.detail());
        }
    }

    static ProblemException refused(String why) {
        return new ProblemException(ProblemCode.MIGRATION_REFUSED, why);
    }

    /** Where the QEMU that waits is reached. */
    static VmAddress.Socket socket(@Nullable String qmp) {
        if (qmp == null || qmp.isBlank()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "which VM? name its -qmp socket ('qmp')");
        }
        try {
            return VmAddress.Socket.of(Path.of(qmp));
        } catch (InvalidPathException e) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "the QMP path is no path: " + e.getReason(), e);
        }
    }

    private String qemu(Arrival arrival) {
        VmAddress.Socket socket = socket(arrival.qmp());
        QemuVersion version;
        try (QemuVm vm = connector.connect(socket)) {
            vm.checkVfioUser();
            version = vm.version();
            QemuVersion source = QemuVersion.of(arrival.qemu())
                    .orElseThrow(() -> refused("'%s' is no release of QEMU".formatted(arrival.qemu())));
            if (version.compareTo(source) < 0) {
                throw refused(
                        "the QEMU that waits is %s, older than the VM's (%s): start it with the same or a newer one"
                                .formatted(version, source));
            }
            if (vm.memoryBytes() != arrival.memoryBytes()) {
                throw refused("the QEMU that waits has %s of memory and the VM %s: start it with the same options"
                        .formatted(ByteSize.format(vm.memoryBytes()), ByteSize.format(arrival.memoryBytes())));
            }
            Optional<String> notShared = vm.memoryNotShared();
            if (notShared.isPresent()) {
                throw refused("the QEMU that waits does not share its memory (%s): %s"
                        .formatted(notShared.get(), vm.sharedMemoryAdvice()));
            }
            for (ArrivingVnvme vnvme : arrival.vnvmes()) {
                if (vm.has(vnvme.deviceId())) {
                    throw refused(
                            "the QEMU that waits has a device %s already: start it without, it is plugged in when the VM comes"
                                    .formatted(vnvme.deviceId()));
                }
                if (!vm.portIsFree(vnvme.port())) {
                    throw refused(
                            "the QEMU that waits has no free PCIe port %s, where the VM has %s: start it with the same options"
                                    .formatted(vnvme.port(), vnvme.name()));
                }
            }
        }
        try (QemuDestination destination = QemuDestination.connect(socket, folder, "")) {
            destination.examine();
        }
        return "QEMU %s waits at %s".formatted(version, socket);
    }

    private String names(Arrival arrival) {
        for (ArrivingVnvme vnvme : arrival.vnvmes()) {
            if (registry.state().uuids().contains(vnvme.uuid())) {
                throw refused("%s is here already, with the same identity: detach it, and remove it or the other"
                        .formatted(vnvme.name()));
            }
            Names.checked(vnvme.name());
            volumes.checkFree(vnvme.name(), pool(arrival, vnvme));
        }
        return "%d free".formatted(arrival.vnvmes().size());
    }

    private String space(Arrival arrival) {
        Map<OpenPool, Long> needed = new LinkedHashMap<>();
        for (ArrivingVnvme vnvme : arrival.vnvmes()) {
            needed.merge(pool(arrival, vnvme), vnvme.thick() ? vnvme.sizeBytes() : vnvme.usedBytes(), Long::sum);
        }
        List<String> words = new ArrayList<>();
        needed.forEach((pool, bytes) -> {
            long free = pool.facts().freeBytes();
            if (bytes > free) {
                throw new ProblemException(
                        ProblemCode.NO_SPACE,
                        "the VM's drives take %s, and pool %s has %s free: grow it, free some, or name another one"
                                .formatted(ByteSize.format(bytes), pool.name(), ByteSize.format(free)));
            }
            words.add("%s of %s in pool %s".formatted(ByteSize.format(bytes), ByteSize.format(free), pool.name()));
        });
        return String.join(", ", words);
    }

    /** Where a volume goes. @throws ProblemException when there is no such pool, or none that keeps what it is given */
    OpenPool pool(Arrival arrival, ArrivingVnvme vnvme) {
        State state = registry.state();
        String wanted = arrival.pool();
        if (wanted == null && pools.find(vnvme.pool()).isPresent()) {
            wanted = vnvme.pool();
        }
        if (wanted == null && state.pools().isEmpty()) {
            throw new ProblemException(
                    ProblemCode.POOL_UNAVAILABLE, "there is no pool: make one with 'vnvme pool create'");
        }
        String chosen = choice.choose(wanted).name();
        if (PoolLayout.isNull(pools.record(chosen), state)) {
            throw refused("pool %s keeps nothing of what is written to it: name another one".formatted(chosen));
        }
        return pools.require(chosen);
    }

    private String network() {
        if (dataPlane.tcpPorts().isEmpty()) {
            throw refused(
                    "no NVMe/TCP hosts are accepted there, by which the drives are copied: start that daemon with --tcp ADDRESS:PORT");
        }
        return "NVMe/TCP at %s"
                .formatted(String.join(
                        ", ",
                        dataPlane.tcpPorts().stream().map(port -> port.text()).toList()));
    }
}

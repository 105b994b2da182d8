package io.vnvme.control.service;

import static java.util.Objects.requireNonNull;

import io.vnvme.control.model.AttachmentInfo;
import io.vnvme.control.model.ConnectionInfo;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.LayerUsage;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.QemuProcess;
import io.vnvme.control.vm.Recipe;
import io.vnvme.control.vm.VmAddress;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A vNVMe in the shape that the API shows. */
final class VnvmeView {
    private final Registry registry;
    private final Volumes volumes;
    private final OpenPools pools;
    private final Slots slots;
    private final Monitors monitors;
    private final Hosts hosts;
    private final Paths paths;

    VnvmeView(
            Registry registry,
            Volumes volumes,
            OpenPools pools,
            Slots slots,
            Monitors monitors,
            Hosts hosts,
            Paths paths) {
        this.registry = registry;
        this.volumes = volumes;
        this.pools = pools;
        this.slots = slots;
        this.monitors = monitors;
        this.hosts = hosts;
        this.paths = paths;
    }

    VnvmeInfo info(VnvmeRecord vnvme) {
        return infos(List.of(vnvme)).getFirst();
    }

    /** In the same order. Each pool is asked once for all that it has. */
    List<VnvmeInfo> infos(List<VnvmeRecord> vnvmes) {
        Map<String, List<String>> names = vnvmes.stream()
                .collect(Collectors.groupingBy(
                        VnvmeRecord::pool, Collectors.mapping(VnvmeRecord::name, Collectors.toList())));
        Map<String, PoolLayers> layers = new HashMap<>();
        names.forEach((pool, inside) -> layers.put(pool, PoolLayers.of(pools.find(pool), inside)));
        return vnvmes.stream()
                .map(vnvme -> info(vnvme, requireNonNull(layers.get(vnvme.pool()))))
                .toList();
    }

    private VnvmeInfo info(VnvmeRecord vnvme, PoolLayers layers) {
        String name = vnvme.name();
        Optional<Slot> slot = slots.showing(name);
        List<Connection> all = volumes.exports().connections(name);
        List<ConnectionInfo> connections = connections(all);
        Optional<String> failure = volumes.failure(name);
        Optional<LayerFacts> layer = layers.find(name);
        Optional<LayerUsage> usage = layers.usage(name);
        List<String> warnings = warnings(failure, layer, all, slot);
        layers.failure().ifPresent(warnings::add);
        String socket = volumes.exports().socket(name).toString();
        return new VnvmeInfo(
                name,
                state(vnvme, failure, slot, connections),
                vnvme.sizeBytes(),
                vnvme.blockSizeBytes(),
                vnvme.pool(),
                vnvme.thick(),
                vnvme.checksum(),
                vnvme.encrypted(),
                usage.map(LayerUsage::usedBytes).orElse(null),
                usage.map(LayerUsage::sharedBytes).orElse(null),
                usage.map(LayerUsage::exclusiveBytes).orElse(null),
                layer.flatMap(LayerFacts::parent).orElse(null),
                layers.snapshotsOf(name),
                vnvme.msi() ? "msi" : "msi-x",
                vnvme.doorbells() == null ? DoorbellAccess.AUTO.word() : vnvme.doorbells(),
                socket,
                Recipe.qemuDevice(name, socket),
                vnvme.nqn(),
                vnvme.serial(),
                vnvme.nsid(),
                vnvme.uuid(),
                vnvme.nguid(),
                vnvme.eui64(),
                vnvme.createdAt(),
                vnvme.qos(),
                hosts.infos(vnvme),
                vnvme.access().shared(),
                paths.infos(vnvme),
                hosts.connectLines(vnvme),
                slot.map(VnvmeView::attachment).orElse(null),
                connections,
                warnings);
    }

    /** What a client would see change, but for space and what its pool says of it. */
    Object content(VnvmeRecord vnvme) {
        Optional<Slot> slot = slots.showing(vnvme.name());
        List<Connection> all = volumes.exports().connections(vnvme.name());
        return List.of(
                vnvme,
                connections(all),
                slot.map(VnvmeView::attachment),
                warnings(volumes.failure(vnvme.name()), Optional.empty(), all, slot));
    }

    private static List<ConnectionInfo> connections(List<Connection> all) {
        return all.stream()
                .filter(Connection::open)
                .map(c -> new ConnectionInfo(
                        c.pid(),
                        c.controllerId(),
                        c.ready(),
                        c.shown().isEmpty(),
                        c.host().isPresent()
                                ? null
                                : QemuProcess.of(c.pid()).map(QemuProcess::name).orElse(null),
                        c.host().orElse(null)))
                .toList();
    }

    private List<String> warnings(
            Optional<String> failure, Optional<LayerFacts> layer, List<Connection> connections, Optional<Slot> slot) {
        List<String> warnings = new ArrayList<>(failure.stream().toList());
        layer.flatMap(LayerFacts::doubt).ifPresent(warnings::add);
        connections.stream()
                .filter(Connection::open)
                .flatMap(c -> c.failure().stream())
                .map("its controller stopped until the guest resets it: %s"::formatted)
                .forEach(warnings::add);
        slot.ifPresent(s -> warnings.addAll(monitors.warnings(s.address())));
        slot.filter(Slot::slow)
                .ifPresent(s -> warnings.add("VM %s does not share its memory: this is slow".formatted(s.vm())));
        return warnings;
    }

    private static String state(
            VnvmeRecord vnvme, Optional<String> failure, Optional<Slot> slot, List<ConnectionInfo> connections) {
        if (failure.isPresent()) {
            return failure.get().equals(Keys.LOCKED.formatted(vnvme.name())) ? "locked" : "unavailable";
        }
        if (slot.isPresent()) {
            return "attached";
        }
        return connections.stream().anyMatch(c -> !c.parked()) ? "connected" : "idle";
    }

    private static AttachmentInfo attachment(Slot slot) {
        return new AttachmentInfo(
                slot.vm(),
                slot.address() instanceof VmAddress.Socket socket
                        ? socket.path().toString()
                        : null,
                slot.deviceId(),
                slot.since(),
                slot.connection().ready());
    }

    /** How many are attached or connected. No pool is asked for that. */
    int inUseCount() {
        return (int) registry.state().vnvmes().stream()
                .filter(v -> volumes.failure(v.name()).isEmpty())
                .filter(v -> slots.showing(v.name()).isPresent()
                        || volumes.exports().connections(v.name()).stream()
                                .anyMatch(c -> c.open() && !c.shown().isEmpty()))
                .count();
    }

    /** Warnings of all vNVMes and VMs, by vNVMe name where they belong to one. */
    List<String> warnings() {
        List<String> warnings = new ArrayList<>(monitors.warnings());
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            volumes.exports()
                    .failure(vnvme.name())
                    .ifPresent(failure -> warnings.add("vNVMe %s: %s".formatted(vnvme.name(), failure)));
        }
        return warnings;
    }
}

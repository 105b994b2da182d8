package io.vnvme.control.service;

import io.vnvme.control.model.HypervisorInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.VmDriveInfo;
import io.vnvme.control.model.VmInfo;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.Connector;
import io.vnvme.control.vm.Domain;
import io.vnvme.control.vm.Libvirt;
import io.vnvme.control.vm.QemuProcess;
import io.vnvme.control.vm.VmAddress;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** VMs that drives can be attached to: libvirt's domains, and those whose QMP socket was named once. */
public final class Vms {
    private static final Logger LOG = System.getLogger(Vms.class.getName());

    private final Connector connector;
    private final Slots slots;
    private final KnownSockets sockets;
    private final Monitors monitors;
    private final Registry registry;
    private final Exports exports;

    Vms(Connector connector, Slots slots, KnownSockets sockets, Monitors monitors, Registry registry, Exports exports) {
        this.connector = connector;
        this.slots = slots;
        this.sockets = sockets;
        this.monitors = monitors;
        this.registry = registry;
        this.exports = exports;
    }

    /** Knows again what an earlier daemon had plugged into VMs, by the connections that were taken up. */
    void takeUp() {
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            for (Connection connection : exports.connections(vnvme.name())) {
                Slot.of(connection).ifPresent(slot -> {
                    slots.add(slot);
                    if (slot.address() instanceof VmAddress.Socket socket) {
                        sockets.seen(socket, slot.vm());
                    }
                });
            }
        }
    }

    /** All that can be found now: where libvirt does not answer, the others. */
    public List<VmInfo> list() {
        List<VmInfo> all = new ArrayList<>();
        Map<String, List<VmDriveInfo>> fromStart = fromStart();
        domains().forEach(domain -> all.add(info(domain, fromStart.getOrDefault(domain.uuid(), List.of()))));
        sockets.now().forEach((socket, name) -> all.add(info(socket, name)));
        return all;
    }

    /** @throws ProblemException when there is none of that name, or more than one */
    public VmInfo show(String name) {
        List<VmInfo> found =
                list().stream().filter(vm -> vm.name().equals(name)).toList();
        return one(name, found);
    }

    private List<Domain> domains() {
        try {
            return connector.libvirt().map(Libvirt::domains).orElse(List.of());
        } catch (ProblemException e) {
            LOG.log(Level.DEBUG, "no domains: " + e.detail(), e);
            return List.of();
        }
    }

    /** What VMs have since their start, by their UUIDs: of those that were attached nobody is asked. */
    private Map<String, List<VmDriveInfo>> fromStart() {
        Map<String, List<VmDriveInfo>> found = new HashMap<>();
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            if (slots.showing(vnvme.name()).isEmpty()) {
                exports.connections(vnvme.name()).stream()
                        .filter(c -> c.open() && c.shown().contains(vnvme.name()))
                        .forEach(c -> QemuProcess.of(c.pid())
                                .ifPresent(vm -> found.computeIfAbsent(vm.uuid(), _ -> new ArrayList<>())
                                        .add(new VmDriveInfo(vnvme.name(), null, null, c.ready()))));
            }
        }
        return found;
    }

    private VmInfo info(Domain domain, List<VmDriveInfo> fromStart) {
        return info(domain.name(), "libvirt", domain.state(), domain.uuid(), null, domain.address(), fromStart);
    }

    private VmInfo info(VmAddress.Socket socket, String name) {
        // Who has a drive of ours is there: no need to knock.
        boolean there = !slots.of(socket).isEmpty() || KnownSockets.listens(socket);
        String state = there ? "running" : "gone";
        return info(name, "qmp", state, null, socket.path().toString(), socket, List.of());
    }

    private VmInfo info(
            String name,
            String source,
            String state,
            @Nullable String uuid,
            @Nullable String qmp,
            VmAddress address,
            List<VmDriveInfo> fromStart) {
        List<Slot> all = slots.of(address);
        List<VmDriveInfo> attached = all.stream()
                .flatMap(slot -> slot.shown().stream()
                        .map(vnvme -> new VmDriveInfo(
                                vnvme,
                                slot.deviceId(),
                                slot.since(),
                                slot.connection().ready())))
                .toList();
        int parkedCount = all.size() - attached.size();
        List<VmDriveInfo> drives =
                Stream.concat(attached.stream(), fromStart.stream()).toList();
        return new VmInfo(name, source, state, uuid, qmp, drives, parkedCount, monitors.warnings(address));
    }

    /** How libvirt is asked, and whether it answers. */
    public List<HypervisorInfo> hypervisors() {
        Optional<Libvirt> libvirt = connector.libvirt();
        if (libvirt.isEmpty()) {
            return List.of(new HypervisorInfo(
                    "libvirt", null, "off", "start the daemon with --libvirt URI to have libvirt's VMs"));
        }
        String uri = libvirt.get().uri();
        try {
            libvirt.get().check();
            return List.of(new HypervisorInfo("libvirt", uri, "connected", ""));
        } catch (ProblemException e) {
            String state = e.code() == ProblemCode.TOOL_MISSING ? "missing" : "unreachable";
            return List.of(new HypervisorInfo("libvirt", uri, state, e.detail()));
        }
    }

    /**
     * Where a VM's monitor is, by its name or its QMP socket.
     *
     * @throws ProblemException when neither or both are given, or there is no VM of that name, or more than one
     */
    VmAddress address(@Nullable String vm, @Nullable String qmp) {
        boolean named = vm != null && !vm.isBlank();
        boolean socket = qmp != null && !qmp.isBlank();
        if (named == socket) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "which VM? name it ('vm'), or its -qmp socket ('qmp'), and not both");
        }
        return named ? named(String.valueOf(vm)) : socket(String.valueOf(qmp));
    }

    private static VmAddress socket(String path) {
        try {
            return VmAddress.Socket.of(Path.of(path));
        } catch (InvalidPathException e) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "the QMP path is no path: " + e.getReason(), e);
        }
    }

    private VmAddress named(String name) {
        List<VmAddress> known = sockets.now().entrySet().stream()
                .filter(e -> e.getValue().equals(name))
                .map(Map.Entry::getKey)
                .map(VmAddress.class::cast)
                .toList();
        // Libvirt's trouble is told to whoever means one of its domains, and to nobody else.
        List<Domain> domains =
                known.isEmpty() ? connector.libvirt().map(Libvirt::domains).orElse(List.of()) : domains();
        List<VmAddress> found = Stream.concat(
                        domains.stream().filter(d -> d.name().equals(name)).map(Domain::address), known.stream())
                .toList();
        return one(name, found);
    }

    private static <T> T one(String name, List<T> found) {
        if (found.size() == 1) {
            return found.getFirst();
        }
        throw found.isEmpty()
                ? new ProblemException(
                        ProblemCode.UNKNOWN_VM,
                        "no VM %s: see 'vnvme vm ls', or name its QMP socket with --qmp".formatted(name))
                : new ProblemException(
                        ProblemCode.BAD_REQUEST,
                        "%d VMs are called %s: name the QMP socket of the one you mean with --qmp"
                                .formatted(found.size(), name));
    }
}

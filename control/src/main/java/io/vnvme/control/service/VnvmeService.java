package io.vnvme.control.service;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.AttachmentInfo;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ConnectionInfo;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.service.DataPlane.Connection;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What can be done with virtual NVMe drives, in the shape that the API shows. */
public final class VnvmeService {
    private static final Logger LOG = System.getLogger(VnvmeService.class.getName());
    private static final int ATTACH_WAIT_MS = 10_000;
    private static final int DETACH_WAIT_MS = 30_000;
    private static final int WAIT_MS_MAX = 600_000;

    private final Registry registry;
    private final Vnvmes vnvmes;
    private final Attachments attachments;
    private final Slots slots;
    private final Monitors monitors;

    VnvmeService(Registry registry, Vnvmes vnvmes, Attachments attachments, Slots slots, Monitors monitors) {
        this.registry = registry;
        this.vnvmes = vnvmes;
        this.attachments = attachments;
        this.slots = slots;
        this.monitors = monitors;
    }

    /** All, in the order of creation. */
    public List<VnvmeInfo> list() {
        return registry.state().vnvmes().stream().map(this::info).toList();
    }

    /** @throws ProblemException when there is none of that name */
    public VnvmeInfo show(String name) {
        return info(vnvmes.require(name));
    }

    public VnvmeChange create(CreateVnvme request) {
        Vnvmes.Created created = vnvmes.create(request);
        VnvmeRecord vnvme = created.vnvme();
        String outcome = "created %s: %s on drive %s, served on %s"
                .formatted(
                        vnvme.name(), ByteSize.format(vnvme.sizeBytes()), vnvme.drive(), vnvmes.socket(vnvme.name()));
        LOG.log(Level.INFO, outcome);
        return new VnvmeChange(info(vnvme), outcome, created.micros(), created.steps(), List.of());
    }

    /** Removes a vNVMe that nobody uses, and all that was written to it. */
    public void remove(String name) {
        attachments.remove(name);
        LOG.log(Level.INFO, "removed {0}", name);
    }

    public VnvmeChange attach(String name, AttachVnvme request) {
        String qmp = request.qmp();
        if (qmp == null || qmp.isBlank()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no QMP path: name the VM's -qmp socket");
        }
        Duration wait = wait(request.waitMs(), ATTACH_WAIT_MS);
        return change(name, attachments.attach(name, Path.of(qmp), request.forceSlow(), wait));
    }

    public VnvmeChange detach(String name, DetachVnvme request) {
        return change(name, attachments.detach(name, request.force(), wait(request.waitMs(), DETACH_WAIT_MS)));
    }

    private static Duration wait(@Nullable Integer waitMs, int defaultMs) {
        int ms = waitMs == null ? defaultMs : waitMs;
        if (ms < 0 || ms > WAIT_MS_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "a wait of %d ms: it is 0 to %d".formatted(ms, WAIT_MS_MAX));
        }
        return Duration.ofMillis(ms);
    }

    private VnvmeChange change(String name, Attachments.Outcome outcome) {
        LOG.log(Level.INFO, outcome.text());
        outcome.warnings().forEach(warning -> LOG.log(Level.WARNING, warning));
        return new VnvmeChange(show(name), outcome.text(), outcome.micros(), outcome.steps(), outcome.warnings());
    }

    private VnvmeInfo info(VnvmeRecord vnvme) {
        String name = vnvme.name();
        Optional<Slot> slot = slots.showing(name);
        List<ConnectionInfo> connections = vnvmes.connections(name).stream()
                .filter(Connection::open)
                .map(c -> new ConnectionInfo(
                        c.pid(), c.controllerId(), c.ready(), c.shown().isEmpty()))
                .toList();
        List<String> warnings = new ArrayList<>();
        Optional<String> failure = vnvmes.failure(name);
        failure.ifPresent(warnings::add);
        vnvmes.connections(name).stream()
                .filter(Connection::open)
                .flatMap(c -> c.failure().stream())
                .map("its controller stopped until the guest resets it: %s"::formatted)
                .forEach(warnings::add);
        slot.ifPresent(s -> warnings.addAll(monitors.warnings(s.qmp())));
        slot.filter(Slot::slow)
                .ifPresent(s -> warnings.add("VM %s does not share its memory: this is slow".formatted(s.vm())));
        String socket = vnvmes.socket(name).toString();
        return new VnvmeInfo(
                name,
                state(failure, slot, connections),
                vnvme.sizeBytes(),
                vnvme.blockSizeBytes(),
                vnvme.drive(),
                vnvme.offsetBytes(),
                vnvme.msi() ? "msi" : "msi-x",
                socket,
                qemuDevice(name, socket),
                vnvme.nqn(),
                vnvme.serial(),
                vnvme.nsid(),
                vnvme.uuid(),
                vnvme.nguid(),
                vnvme.eui64(),
                vnvme.createdAt(),
                slot.map(VnvmeService::attachment).orElse(null),
                connections,
                warnings);
    }

    private static String state(Optional<String> failure, Optional<Slot> slot, List<ConnectionInfo> connections) {
        if (failure.isPresent()) {
            return "unavailable";
        }
        if (slot.isPresent()) {
            return "attached";
        }
        return connections.stream().anyMatch(c -> !c.parked()) ? "connected" : "idle";
    }

    private static AttachmentInfo attachment(Slot slot) {
        return new AttachmentInfo(
                slot.vm(),
                slot.qmp().toString(),
                slot.deviceId(),
                slot.since(),
                slot.connection().ready());
    }

    /** Warnings of all vNVMes and VMs, by vNVMe name where they belong to one. */
    List<String> warnings() {
        List<String> warnings = new ArrayList<>(monitors.warnings());
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            vnvmes.failure(vnvme.name())
                    .ifPresent(failure -> warnings.add("vNVMe %s: %s".formatted(vnvme.name(), failure)));
        }
        return warnings;
    }

    /** What follows QEMU's {@code -device}, in the JSON form, which is the only one that takes a socket address. */
    private static String qemuDevice(String name, String socket) {
        String path = socket.replace("\\", "\\\\").replace("\"", "\\\"");
        return "{\"driver\":\"vfio-user-pci\",\"id\":\"vnvme-%s\",\"socket\":{\"type\":\"unix\",\"path\":\"%s\"}}"
                .formatted(name, path);
    }
}

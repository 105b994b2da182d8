package io.vnvme.control.service;

import io.vnvme.control.model.Arrival;
import io.vnvme.control.model.ArrivalEnd;
import io.vnvme.control.model.ArrivingVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.PciImage;
import io.vnvme.control.vm.QemuDestination;
import io.vnvme.control.vm.QemuVersion;
import io.vnvme.control.vm.QemuVm;
import io.vnvme.control.vm.VmAddress;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.memory.DmaLog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A VM that is on its way here, and what there is of it already. Used by one thread at a time, but for what is handed over meanwhile: pages,
 * states and reservations.
 */
final class ExpectedVm {
    private static final Logger LOG = System.getLogger(ExpectedVm.class.getName());

    /** A drive of it, as long as it is not whole. */
    record Drive(
            ArrivingVnvme coming,
            VnvmeRecord record,
            OpenPool pool,
            Export export,
            HostKeys.Lent keys,
            Moving.Held held) {}

    /** A device that is plugged into the QEMU that waits. */
    private record Plugged(Drive drive, MovingDevice device, Slot slot) {}

    private final String id;
    private final Arrival arrival;
    private final VmAddress.Socket socket;
    private final List<Drive> drives = new ArrayList<>();
    private final Map<String, Plugged> plugged = new ConcurrentHashMap<>();
    private final HandedOver handed = new HandedOver();
    private final Map<String, byte[]> reservations = new ConcurrentHashMap<>();
    private @Nullable QemuDestination destination;
    private volatile long heardNs = System.nanoTime();
    private boolean runs;

    ExpectedVm(String id, Arrival arrival, VmAddress.Socket socket) {
        this.id = id;
        this.arrival = arrival;
        this.socket = socket;
    }

    String id() {
        return id;
    }

    Arrival arrival() {
        return arrival;
    }

    VmAddress.Socket socket() {
        return socket;
    }

    List<Drive> drives() {
        return drives;
    }

    /** Whoever sends it has asked for something. */
    void heard() {
        heardNs = System.nanoTime();
    }

    long silentNs() {
        return System.nanoTime() - heardNs;
    }

    void add(Drive drive) {
        drives.add(drive);
    }

    /** Plugs a drive in, at the same place under the same name as at the source. */
    void plug(QemuVm vm, Drive drive, Path path) {
        Export export = drive.export();
        vm.plug(drive.coming().deviceId(), drive.coming().port(), path);
        Connection connection = export.connections().stream()
                .filter(c -> c.open() && c.host().isEmpty())
                .findFirst()
                .orElseThrow(() -> ArrivalChecks.refused(
                        "QEMU took the device but is not connected to %s: look at QEMU's log".formatted(path)));
        MovingDevice device = export.devices().stream()
                .filter(d -> d.peer().pid() == connection.pid())
                .findFirst()
                .orElseThrow(() -> ArrivalChecks.refused(
                        "QEMU has not opened %s".formatted(drive.coming().name())));
        QemuVersion version = vm.version();
        Slot slot = new Slot(
                socket,
                arrival.vm(),
                version,
                drive.coming().deviceId(),
                drive.coming().name(),
                drive.coming().msi(),
                connection);
        // For a daemon that takes this one's place after it has come.
        slot.show(drive.coming().name());
        plugged.put(drive.coming().deviceId(), new Plugged(drive, device, slot));
    }

    void waitsAt(QemuDestination qemu) {
        destination = qemu;
    }

    QemuDestination destination() {
        QemuDestination qemu = destination;
        if (qemu == null) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "nothing is plugged in yet");
        }
        return qemu;
    }

    private Plugged require(String deviceId) {
        Plugged device = plugged.get(deviceId);
        if (device == null) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no device %s is plugged in".formatted(deviceId));
        }
        return device;
    }

    /** Process of the QEMU that waits. */
    Optional<Long> pid() {
        return plugged.values().stream()
                .map(each -> (long) each.device().peer().pid())
                .findFirst();
    }

    void replay(Map<String, PciImage> images) {
        if (!images.keySet().equals(plugged.keySet())) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "images of %s, and the devices are %s".formatted(images.keySet(), plugged.keySet()));
        }
        destination().replay(images);
    }

    /** Pages that a device has written: for each its address (8 bytes, little endian), then all their contents. */
    void pages(String deviceId, byte[] body) {
        Plugged device = require(deviceId);
        int count = body.length / (Long.BYTES + DmaLog.PAGE_BYTES);
        if (count == 0 || count > MovingDevice.PAGES_MAX || body.length != count * (Long.BYTES + DmaLog.PAGE_BYTES)) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "%d bytes are no pages".formatted(body.length));
        }
        ByteBuffer bytes = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
        List<Long> addresses = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            addresses.add(bytes.getLong());
        }
        MemorySegment contents = MemorySegment.ofArray(body).asSlice((long) count * Long.BYTES);
        handed.pages(device.device(), new MovingDevice.Pages(addresses, contents, 0));
    }

    /** All of its memory is here: what is handed over is stored there. */
    void arrived() {
        handed.arrived();
    }

    /** A further part of a device's state. */
    void state(String deviceId, byte[] part) {
        handed.state(require(deviceId).device(), part);
    }

    /** Who has reserved a vNVMe, as it is when its VM stands still. */
    void reservations(String uuid, byte[] bytes) {
        reservations.put(uuid, bytes);
    }

    Optional<byte[]> reservations(String uuid) {
        return Optional.ofNullable(reservations.get(uuid));
    }

    /** All devices become what their states say. */
    void load() {
        plugged.values().forEach(each -> handed.load(each.device()));
    }

    /** Whether all that is needed for it to go on has come. */
    boolean complete() {
        return plugged.size() == drives.size()
                && plugged.values().stream().allMatch(each -> each.device().frozen());
    }

    /** Whether it ran where it comes from, and so is to run here. */
    boolean runs() {
        return runs;
    }

    void runs(boolean running) {
        runs = running;
    }

    /** Its drives go on, and are this daemon's to look after. */
    void resume(Slots slots) {
        plugged.values().forEach(each -> {
            each.device().thaw();
            each.device().raiseAll();
            slots.add(each.slot());
        });
    }

    /** Its QEMU, if any waits for it, ends. */
    ArrivalEnd end() {
        QemuDestination qemu = destination;
        if (qemu == null) {
            return new ArrivalEnd(true, false, "");
        }
        try {
            qemu.quit();
            return new ArrivalEnd(true, false, "");
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the QEMU that waited for VM %s".formatted(arrival.vm()), e);
            return new ArrivalEnd(qemu.ended(), qemu.mayRun(), String.valueOf(e.getMessage()));
        }
    }

    /** Its drives are nobody's errand any more: they have come, or they will not. */
    void letGo() {
        drives.forEach(drive -> {
            drive.keys().close();
            drive.held().close();
        });
    }

    /** Lets go of its QEMU, whatever that does. */
    void close() {
        QemuDestination qemu = destination;
        destination = null;
        if (qemu != null) {
            qemu.close();
        }
    }
}

package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** A QEMU of this host that a VM moves to, started with {@code -incoming defer} and the same devices. Used by one thread at a time. */
public final class QemuDestination implements MoveDestination, AutoCloseable {
    private static final String INCOMING = "inmigrate";
    private static final String TCP = "tcp:";

    private final MovingVm vm;
    private final Path folder;
    private final String listen;
    /** Whether this QEMU has no VM but the one that is to come. */
    private boolean awaits;
    /** Whether the VM has come and does not stand still, as nobody told it to. */
    private boolean runs;

    private boolean ended;

    /**
     * The QEMU at a monitor.
     *
     * @param folder where this QEMU may make a socket that nobody else can connect to: it lets in who does
     * @param listen where it is to listen for the VM, as QEMU writes it; with port 0 it chooses one
     */
    QemuDestination(HeldMonitor monitor, Path folder, String listen) {
        vm = new MovingVm(monitor, "destination");
        this.folder = folder;
        this.listen = listen;
    }

    /**
     * The QEMU at a socket.
     *
     * @param folder as said above
     * @param listen as said above
     */
    public static QemuDestination connect(VmAddress.Socket address, Path folder, String listen) {
        return new QemuDestination(Qmp.connect(address.path()), folder, listen);
    }

    /** Looks whether a VM can come here, and changes nothing. @throws ProblemException when it cannot, and why */
    public void examine() {
        vm.checkTried();
        String status = vm.status();
        if (!status.equals(INCOMING)) {
            throw new ProblemException(
                    ProblemCode.VM_NOT_RUNNING,
                    "QEMU at the destination waits for no VM, but is %s: start it with '-incoming defer'"
                            .formatted(status));
        }
    }

    /** Looks the same; devices of the VM were plugged in, so that this QEMU has no other use any more. */
    public void claim() {
        examine();
        awaits = true;
    }

    @Override
    public String prepare(SortedMap<String, Integer> wanted) {
        examine();
        SortedMap<String, Integer> devices = vm.devices();
        if (!devices.equals(wanted)) {
            throw vm.refused("has other vfio-user devices than the one at the source: %s instead of %s"
                    .formatted(text(devices), text(wanted)));
        }
        awaits = true;
        GdbMemory.probe(new HumanMonitor(vm.monitor()), folder);
        // Whatever its options say: a VM whose devices are not there yet must not begin to run when all is here.
        vm.execute("stop", Map.of());
        vm.execute("migrate-incoming", Map.of("uri", listen));
        return listen.startsWith(TCP) ? TCP + vm.listensAt() : listen;
    }

    private static String text(SortedMap<String, Integer> devices) {
        return devices.entrySet().stream()
                .map(each -> "%s (%08x)".formatted(each.getKey(), each.getValue()))
                .collect(Collectors.joining(", "));
    }

    @Override
    public void awaitArrival(Duration limit) {
        vm.await("done with the migration", limit, migration -> {
            if (MovingVm.state(migration).equals("failed")) {
                throw vm.refused("has not taken the VM: " + migration.get("error-desc"));
            }
            return MovingVm.state(migration).equals("completed") && !vm.status().equals(INCOMING);
        });
        String status = vm.status();
        if (!status.equals("paused")) {
            runs = true;
            throw vm.refused("was to pause the VM, which is " + status);
        }
    }

    @Override
    public void replay(Map<String, PciImage> images) {
        try (StoppedPci pci = StoppedPci.open(vm.monitor())) {
            images.forEach((id, image) -> image.write(pci, id, folder));
        }
    }

    @Override
    public void goOn() {
        vm.execute("cont", Map.of());
        String status = vm.status();
        if (!status.equals("running")) {
            throw vm.refused("was to let the VM go on, which is " + status);
        }
    }

    @Override
    public void quit() {
        ended = false;
        ended = !awaits || vm.quit();
        if (!ended) {
            throw vm.refused("does not end");
        }
    }

    @Override
    public boolean ended() {
        return ended;
    }

    @Override
    public boolean mayRun() {
        return runs && !ended;
    }

    @Override
    public void close() {
        vm.monitor().close();
    }
}

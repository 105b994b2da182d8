package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** The QEMU that a VM moves to, started with {@code -incoming defer} and the same devices. Used by one thread at a time. */
public final class MoveDestination implements AutoCloseable {
    private static final String INCOMING = "inmigrate";

    private final MovingVm vm;
    private final Path folder;
    /** Whether this QEMU has no VM but the one that is to come. */
    private boolean awaits;
    /** Whether the VM has come and does not stand still, as nobody told it to. */
    private boolean runs;

    private boolean ended;

    /** @param folder where this QEMU may make a socket that nobody else can connect to: it lets in who does */
    MoveDestination(HeldMonitor monitor, Path folder) {
        vm = new MovingVm(monitor, "destination");
        this.folder = folder;
    }

    /** @param folder as said above */
    public static MoveDestination connect(VmAddress.Socket address, Path folder) {
        return new MoveDestination(Qmp.connect(address.path()), folder);
    }

    /**
     * Looks whether a VM can come here, and lets QEMU listen for it.
     *
     * @param wanted the VM's vfio-user devices by their ids, with vendor and device as their configuration spaces begin
     * @param channel where to listen, as QEMU writes it
     * @throws ProblemException when it cannot, and why
     */
    public void prepare(SortedMap<String, Integer> wanted, String channel) {
        vm.checkTried();
        String status = vm.status();
        if (!status.equals(INCOMING)) {
            throw new ProblemException(
                    ProblemCode.VM_NOT_RUNNING,
                    "QEMU at the destination waits for no VM, but is %s: start it with '-incoming defer'"
                            .formatted(status));
        }
        SortedMap<String, Integer> devices = vm.devices();
        if (!devices.equals(wanted)) {
            throw vm.refused("has other vfio-user devices than the one at the source: %s instead of %s"
                    .formatted(text(devices), text(wanted)));
        }
        awaits = true;
        GdbMemory.probe(new HumanMonitor(vm.monitor()), folder);
        // Whatever its options say: a VM whose devices are not there yet must not begin to run when all is here.
        vm.execute("stop", Map.of());
        vm.execute("migrate-incoming", Map.of("uri", channel));
    }

    private static String text(SortedMap<String, Integer> devices) {
        return devices.entrySet().stream()
                .map(each -> "%s (%08x)".formatted(each.getKey(), each.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** Waits until all of the VM is here. */
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

    /** Makes the devices what they were at the source, as far as QEMU keeps that. */
    public void replay(Map<String, PciImage> images) {
        try (StoppedPci pci = StoppedPci.open(vm.monitor())) {
            images.forEach((id, image) -> image.write(pci, id, folder));
        }
    }

    /** The VM runs here. */
    public void goOn() {
        vm.execute("cont", Map.of());
        String status = vm.status();
        if (!status.equals("running")) {
            throw vm.refused("was to let the VM go on, which is " + status);
        }
    }

    /**
     * Ends QEMU, if it has not done so by itself, as after a migration that fails. One that was found not to wait for
     * this VM is left alone: it may have another.
     *
     * @throws ProblemException when it has not ended
     */
    void quit() {
        ended = false;
        ended = !awaits || vm.quit();
        if (!ended) {
            throw vm.refused("does not end");
        }
    }

    /** Whether, after {@link #quit}, nothing of the VM is here any more. */
    boolean ended() {
        return ended;
    }

    /**
     * Whether the VM may run here. One that has come stands still until {@link #goOn}, as QEMU was told before it was told
     * to listen; if it is silent now that is still so. One that was seen not to obey may run for as long as it has not ended.
     */
    boolean mayRun() {
        return runs && !ended;
    }

    @Override
    public void close() {
        vm.monitor().close();
    }
}

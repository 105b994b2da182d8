package io.vnvme.testkit.nvme;

import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.GuestRam;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.Sharing;
import io.vnvme.testkit.sim.SimDrive;
import io.vnvme.testkit.sim.SimHost;
import io.vnvme.volume.LinearVolume;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * A simulated host with one slow drive, three namespaces on it, and a guest whose driver is up.
 *
 * <p>Namespace 1 has blocks of 512 bytes, 2 of 4096, 3 is read-only; each is a third of the drive.
 */
final class Guest implements AutoCloseable {
    static final long NAMESPACE_BYTES = 4 << 20;
    static final int BLOCK = 512;
    static final int LARGE_BLOCK = 4096;
    static final long RAM_BYTES = 16 << 20;

    private final SimHost host;
    private final SimDrive drive;
    private final List<Namespace> namespaces;
    private final Subsystem subsystem;
    private final InProcessDevice device;
    private final NvmeDriver driver;

    private Guest(RamLayout layout, Sharing sharing, SplittableRandom random, boolean trapped) {
        host = new SimHost();
        drive = new SimDrive("sim0", 3 * NAMESPACE_BYTES, BLOCK, host.clock(), Faults.NONE, random);
        host.add(drive);
        namespaces = List.of(namespace(1, BLOCK, false), namespace(2, LARGE_BLOCK, false), namespace(3, BLOCK, true));
        subsystem = new Subsystem("nqn.2026-01.io.vnvme:test", "SERIAL", "vNVMe test", "1.0");
        device = trapped
                ? InProcessDevice.openTrapped(host, subsystem, namespaces, layout, sharing)
                : InProcessDevice.open(host, subsystem, namespaces, layout, sharing);
        driver = NvmeDriver.start(device);
    }

    static Guest start() {
        return start(RamLayout.single(RAM_BYTES));
    }

    static Guest start(Sharing sharing) {
        return start(RamLayout.adjacent(RAM_BYTES, 64 << 10), sharing, new SplittableRandom(1));
    }

    static Guest start(RamLayout layout) {
        return start(layout, Sharing.ALL, new SplittableRandom(1));
    }

    static Guest start(RamLayout layout, Sharing sharing, SplittableRandom random) {
        return new Guest(layout, sharing, random, false);
    }

    /** Without a page of doorbells, on a host that sleeps as soon as it may. */
    static Guest startTrapped(RamLayout layout, Sharing sharing, SplittableRandom random) {
        return new Guest(layout, sharing, random, true);
    }

    private Namespace namespace(int nsid, int block, boolean readOnly) {
        LinearVolume volume = new LinearVolume(drive, (nsid - 1) * NAMESPACE_BYTES, NAMESPACE_BYTES);
        return new Namespace(nsid, NamespaceIdentity.of(new UUID(7, nsid)), volume, block, readOnly);
    }

    SimHost host() {
        return host;
    }

    SimDrive drive() {
        return drive;
    }

    Subsystem subsystem() {
        return subsystem;
    }

    List<Namespace> namespaces() {
        return namespaces;
    }

    InProcessDevice device() {
        return device;
    }

    NvmeDriver driver() {
        return driver;
    }

    GuestRam ram() {
        return device.ram();
    }

    /** A second guest on the same host and namespaces. */
    InProcessDevice otherDevice() {
        return InProcessDevice.open(host, subsystem, namespaces, RamLayout.single(RAM_BYTES));
    }

    /** Queue pair 1 with vector 1, 64 entries. */
    QueuePair ioPair() {
        driver.queueCount(Math.max(1, 8));
        return driver.createPair(1, 64, 1);
    }

    /** Steps until nothing is left to do. */
    void settle() {
        int idle = 0;
        while (idle < 10) {
            idle = host.step() == 0 ? idle + 1 : 0;
        }
    }

    /** Status type and code for comparison with a completion's: constants carry Do Not Retry too. */
    static int code(int status) {
        return Status.typeAndCode(status);
    }

    /** What a command shall end with: message and values, readable when a test fails. */
    static String outcome(Completion completion) {
        return "SCT %d SC 0x%02x".formatted(Status.type(completion.status()), Status.code(completion.status()));
    }

    static String outcome(int status) {
        return "SCT %d SC 0x%02x".formatted(Status.type(status), Status.code(status));
    }

    @Override
    public void close() {
        drive.hold(false);
        device.close();
        drive.close();
    }
}

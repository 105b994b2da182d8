package io.vnvme.bench;

import io.vnvme.bench.load.Traffic;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** Namespace 1 behind a vfio-user socket, with a driver that has the queues and the memory for its traffic. */
final class SocketDrive implements AutoCloseable {
    static final int NSID = 1;
    private static final int IDENTIFY_BYTES = 4096;
    private static final int FLBAS = 26;
    private static final int LBAF0 = 128;
    private static final int ENTRIES_MIN = 256;
    private static final long ENTRY_BYTES = 64 + 16;
    private static final long PAGE_BYTES = 4096;
    /** Admin queues, lists, and what alignment loses. */
    private static final long OTHER_BYTES = 2 << 20;

    private final SocketDevice device;
    private final NvmeDriver driver;
    private final int blockBytes;
    private final long blockCount;

    private SocketDrive(SocketDevice device) {
        this.device = device;
        this.driver = NvmeDriver.start(device);
        try (Buffer identity = device.ram().allocate(IDENTIFY_BYTES)) {
            driver.admin(Command.identify(Cns.NAMESPACE, NSID), identity).orThrow();
            int format = identity.segment().get(ValueLayout.JAVA_BYTE, FLBAS) & 0xF;
            blockBytes = 1 << identity.segment().get(ValueLayout.JAVA_BYTE, LBAF0 + format * 4 + 2);
            blockCount = identity.segment().get(ValueLayout.JAVA_LONG, 0);
        }
    }

    static SocketDrive open(Path socket, Traffic traffic) {
        long transfers = (long) traffic.queues() * traffic.depth();
        // A transfer of more than two pages needs a page for its list.
        long memory = transfers * (traffic.blockBytes() + PAGE_BYTES)
                + traffic.queues() * (ENTRY_BYTES * entries(traffic.depth()) + 2 * PAGE_BYTES)
                + OTHER_BYTES;
        SocketDevice device = SocketDevice.open(socket, RamLayout.single((memory + PAGE_BYTES - 1) & -PAGE_BYTES), 0);
        try {
            return new SocketDrive(device);
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private static int entries(int depth) {
        return Math.max(ENTRIES_MIN, Integer.highestOneBit(depth) * 2);
    }

    /** Makes queue pairs 1 to {@code count}. @throws IllegalStateException when the drive gives fewer */
    QueuePair[] queues(int count, int depth) {
        int granted = driver.queueCount(count);
        if (granted < count || entries(depth) > driver.entryCountMax()) {
            throw new IllegalStateException("the drive has %d queues of %d entries: not %d for %d transfers each"
                    .formatted(granted, driver.entryCountMax(), count, depth));
        }
        QueuePair[] pairs = new QueuePair[count];
        for (int i = 0; i < count; i++) {
            pairs[i] = driver.createPair(i + 1, entries(depth), -1);
        }
        return pairs;
    }

    Buffer allocate(long sizeBytes) {
        return device.ram().allocate(sizeBytes);
    }

    /** Logical block size in bytes. */
    int blockBytes() {
        return blockBytes;
    }

    /** Capacity in logical blocks. */
    long blockCount() {
        return blockCount;
    }

    /** The process that serves the socket. */
    int serverPid() {
        return device.client().serverPid();
    }

    /** Shuts the controller down and leaves. */
    @Override
    public void close() {
        try {
            driver.shutdown();
        } finally {
            device.close();
        }
    }
}

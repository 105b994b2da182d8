package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.SimHost;
import io.vnvme.volume.LinearVolume;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The hot path allocates nothing, once it has met each kind of work. */
final class AllocationTest {
    private static final int DEPTH = 64;
    private static final int COMMANDS = 1_000_000;
    private static final int ATTEMPTS = 10;
    private static final int BLOCKS = 8;
    private static final int PLACES = 1000;

    @Test
    void aMillionCommandsWithoutAByte() {
        SimHost host = new SimHost();
        Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:test", "SERIAL", "vNVMe test", "1.0");
        try (RamDrive drive = RamDrive.create("ram0", 16 << 20)) {
            Namespace namespace = new Namespace(
                    1, NamespaceIdentity.of(new UUID(1, 1)), new LinearVolume(drive, 0, 16 << 20), 512, false);
            try (InProcessDevice device =
                    InProcessDevice.open(host, subsystem, List.of(namespace), RamLayout.adjacent(8 << 20, 2 << 20))) {
                NvmeDriver driver = NvmeDriver.start(device);
                QueuePair pair = driver.createPair(1, 256, 1);
                try (Buffer data = device.ram().allocate(DEPTH * 4096L)) {
                    PolledIo io = new PolledIo(pair, 1, data, DEPTH, BLOCKS, 512);
                    // Compiling anew in mid-run puts objects back that compiled code had done without: some hundred
                    // bytes, and then never again.
                    long allocated = allocated(host, io);
                    for (int attempt = 0; attempt < ATTEMPTS && allocated != 0; attempt++) {
                        allocated = allocated(host, io);
                    }
                    assertThat(io.errors()).isZero();
                    assertThat(allocated).as("bytes for %d commands", COMMANDS).isZero();
                    io.finish();
                }
            }
        }
    }

    /** Bytes that this thread allocates for {@link #COMMANDS} commands. */
    private static long allocated(SimHost host, PolledIo io) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        // What the question itself allocates is in both readings.
        long overhead = threads.getCurrentThreadAllocatedBytes() - before;
        before = threads.getCurrentThreadAllocatedBytes();
        run(host, io, COMMANDS);
        return threads.getCurrentThreadAllocatedBytes() - before - overhead;
    }

    /** Reads and writes by turns, always {@link #DEPTH} of them in flight, stepping driver and controller. */
    private static void run(SimHost host, PolledIo io, int commands) {
        int submitted = 0;
        int completed = 0;
        for (int slot = 0; slot < DEPTH; slot++) {
            io.read(slot, (long) slot * BLOCKS);
            submitted++;
        }
        io.ring();
        while (completed < commands) {
            host.step();
            int count = io.poll();
            completed += count;
            for (int i = 0; i < count && submitted < commands; i++, submitted++) {
                long lba = (long) submitted % PLACES * BLOCKS;
                if ((submitted & 1) == 0) {
                    io.read(io.slot(i), lba);
                } else {
                    io.write(io.slot(i), lba);
                }
            }
            io.ring();
        }
    }
}

package io.vnvme.bench;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.os.Cpu;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;

/** A polled driver at a vfio-user socket that keeps a queue full. */
final class SocketLoop {
    private static final int NSID = 1;
    private static final int QUEUE_ID = 1;
    private static final int QUEUE_ENTRIES = 256;
    private static final int IDENTIFY_BYTES = 4096;
    private static final int FLBAS = 26;
    private static final int LBAF0 = 128;
    private static final long RAM_BYTES = 8 << 20;
    private static final int FILL_DEPTH = 64;
    private static final int FILL_BYTES = 8192;

    private final NvmeDriver driver;
    private final QueuePair pair;
    private final int blockBytes;
    private final long blockCount;

    private SocketLoop(NvmeDriver driver) {
        this.driver = driver;
        driver.queueCount(1);
        pair = driver.createPair(QUEUE_ID, QUEUE_ENTRIES, -1);
        try (Buffer identity = driver.device().ram().allocate(IDENTIFY_BYTES)) {
            driver.admin(Command.identify(Cns.NAMESPACE, NSID), identity).orThrow();
            int format = identity.segment().get(ValueLayout.JAVA_BYTE, FLBAS) & 0xF;
            blockBytes = 1 << identity.segment().get(ValueLayout.JAVA_BYTE, LBAF0 + format * 4 + 2);
            blockCount = identity.segment().get(ValueLayout.JAVA_LONG, 0);
        }
    }

    static Sample run(Path socket, BenchSpec spec) {
        try (SocketDevice device = SocketDevice.open(socket, RamLayout.single(RAM_BYTES), 0)) {
            SocketLoop loop = new SocketLoop(NvmeDriver.start(device));
            int pid = device.client().serverPid();
            Meter meter = new Meter(spec, () -> Cpu.processCpuTimeNs(pid));
            loop.measure(spec, meter);
            loop.driver.shutdown();
            return meter.sample();
        }
    }

    private void measure(BenchSpec spec, Meter meter) {
        int depth = spec.queueDepth();
        int perTransfer = spec.blockBytes() / blockBytes;
        RandomBlocks random = new RandomBlocks(blockCount / perTransfer);
        boolean read = !spec.workload().writes();
        long[] begun = new long[depth];
        try (Buffer data = driver.device().ram().allocate((long) depth * spec.blockBytes())) {
            PolledIo io = new PolledIo(pair, NSID, data, depth, perTransfer, blockBytes);
            long now = System.nanoTime();
            for (int slot = 0; slot < depth; slot++) {
                submit(io, read, slot, random.next() * perTransfer);
                begun[slot] = now;
            }
            io.ring();
            int inFlight = depth;
            boolean goesOn = true;
            while (inFlight > 0) {
                int count = io.poll();
                if (count == 0) {
                    Thread.onSpinWait();
                    continue;
                }
                now = System.nanoTime();
                goesOn = goesOn && meter.goesOn(now);
                for (int i = 0; i < count; i++) {
                    int slot = io.slot(i);
                    if (goesOn) {
                        meter.completed(now - begun[slot]);
                        begun[slot] = now;
                        submit(io, read, slot, random.next() * perTransfer);
                    } else {
                        inFlight--;
                    }
                }
                if (goesOn) {
                    io.ring();
                }
            }
            finish(io);
        }
    }

    private static void submit(PolledIo io, boolean read, int slot, long lba) {
        if (read) {
            io.read(slot, lba);
        } else {
            io.write(slot, lba);
        }
    }

    private static void finish(PolledIo io) {
        io.finish();
        if (io.errors() > 0) {
            throw new IllegalStateException(
                    "%d transfers failed, the last with status 0x%x".formatted(io.errors(), io.lastError()));
        }
    }

    static void fill(Path socket) {
        try (SocketDevice device = SocketDevice.open(socket, RamLayout.single(RAM_BYTES), 0)) {
            SocketLoop loop = new SocketLoop(NvmeDriver.start(device));
            loop.fill(Duration.ofMinutes(1));
            loop.driver.shutdown();
        }
    }

    private void fill(Duration limit) {
        int perTransfer = FILL_BYTES / blockBytes;
        long end = System.nanoTime() + limit.toNanos();
        try (Buffer data = driver.device().ram().allocate((long) FILL_DEPTH * FILL_BYTES)) {
            for (long i = 0; i < data.sizeBytes() / Long.BYTES; i++) {
                data.segment().setAtIndex(ValueLayout.JAVA_LONG, i, i);
            }
            PolledIo io = new PolledIo(pair, NSID, data, FILL_DEPTH, perTransfer, blockBytes);
            long next = 0;
            long transfers = blockCount / perTransfer;
            int inFlight = 0;
            while (inFlight < FILL_DEPTH && next < transfers) {
                io.write(inFlight++, next++ * perTransfer);
            }
            io.ring();
            while (inFlight > 0) {
                int count = io.poll();
                for (int i = 0; i < count; i++) {
                    if (next < transfers) {
                        io.write(io.slot(i), next++ * perTransfer);
                    } else {
                        inFlight--;
                    }
                }
                if (count > 0) {
                    io.ring();
                } else if (System.nanoTime() - end > 0) {
                    throw new IllegalStateException("the drive does not answer");
                }
            }
            finish(io);
        }
    }
}

package io.vnvme.bench;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.os.Cpu;
import io.vnvme.os.Mapping;

/** The pattern straight at a drive: no queue, no socket, no guest. */
final class DriveLoop {
    private static final int BATCH = 32;

    private final Io[] slots;
    private final long[] begun;
    private final int[] free;
    private int freeCount;
    private long errors;

    private DriveLoop(BenchSpec spec, Mapping buffers) {
        int depth = spec.queueDepth();
        slots = new Io[depth];
        begun = new long[depth];
        free = new int[depth];
        for (int slot = 0; slot < depth; slot++) {
            int index = slot;
            slots[slot] = new Io((io, status) -> ended(index, status));
            slots[slot].data().add(buffers.segment(), (long) slot * spec.blockBytes(), spec.blockBytes());
            free[freeCount++] = slot;
        }
    }

    static Sample run(Drive drive, BenchSpec spec) {
        Mapping buffers = Mapping.anonymous((long) spec.queueDepth() * spec.blockBytes(), false);
        try (buffers) {
            Meter meter = new Meter(spec, Cpu::threadCpuTimeNs);
            DriveLoop loop = new DriveLoop(spec, buffers);
            loop.measure(drive, spec, meter);
            if (loop.errors > 0) {
                throw new IllegalStateException(loop.errors + " transfers failed");
            }
            return meter.sample();
        }
    }

    static void fill(Drive drive) {
        int slice = 1 << 20;
        try (Mapping buffer = Mapping.anonymous(slice, false)) {
            buffer.segment().fill((byte) 1);
            Io io = new Io((_, _) -> {});
            io.data().add(buffer.segment(), 0, slice);
            for (long at = 0; at + slice <= drive.sizeBytes(); at += slice) {
                io.prepare(Io.WRITE, at, slice, false);
                if (drive.submit(io) != IoStatus.OK) {
                    throw new IllegalStateException("only drives that end their work at once are filled so");
                }
            }
        }
    }

    private void measure(Drive drive, BenchSpec spec, Meter meter) {
        RandomBlocks random = new RandomBlocks(drive.sizeBytes() / spec.blockBytes());
        int operation = !spec.workload().writes() ? Io.READ : Io.WRITE;
        long now = System.nanoTime();
        boolean goesOn = true;
        while (goesOn || freeCount < slots.length) {
            int batch = goesOn ? Math.min(freeCount, BATCH) : 0;
            for (int i = 0; i < batch; i++) {
                int slot = free[--freeCount];
                begun[slot] = now;
                slots[slot].prepare(operation, random.next() * spec.blockBytes(), spec.blockBytes(), false);
                int status = drive.submit(slots[slot]);
                if (status != IoStatus.PENDING) {
                    ended(slot, status);
                }
            }
            long after = System.nanoTime();
            drive.poll(after);
            for (int i = 0; i < batch; i++) {
                meter.completed((after - now) / batch);
            }
            now = after;
            goesOn = goesOn && meter.goesOn(now);
        }
    }

    private void ended(int slot, int status) {
        errors += status == IoStatus.OK ? 0 : 1;
        free[freeCount++] = slot;
    }
}

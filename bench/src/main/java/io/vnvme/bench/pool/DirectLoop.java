package io.vnvme.bench.pool;

import io.vnvme.bench.pool.PoolClient.Job;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.os.Mapping;

/** The same work straight at a drive or a volume of this thread: no queue, no socket, no guest. */
final class DirectLoop {
    private static final int BATCH = 32;

    private final Io[] slots;
    private final int[] free;
    private int freeCount;
    private long errors;

    private DirectLoop(Job job, Mapping buffers) {
        slots = new Io[job.depth()];
        free = new int[job.depth()];
        for (int slot = 0; slot < slots.length; slot++) {
            int index = slot;
            slots[slot] = new Io((_, status) -> ended(index, status));
            slots[slot].data().add(buffers.segment(), (long) slot * job.unitBytes(), job.unitBytes());
            free[freeCount++] = slot;
        }
    }

    /** @return transfers a second */
    static double run(Drive drive, Job job) {
        try (Mapping buffers = Mapping.anonymous((long) job.depth() * job.unitBytes(), false)) {
            buffers.segment().fill((byte) 1);
            DirectLoop loop = new DirectLoop(job, buffers);
            long begun = System.nanoTime();
            loop.measure(drive, job);
            long elapsedNs = System.nanoTime() - begun;
            if (loop.errors > 0) {
                throw new IllegalStateException(loop.errors + " transfers failed");
            }
            return job.count() * 1e9 / elapsedNs;
        }
    }

    private void measure(Drive drive, Job job) {
        int operation = job.write() ? Io.WRITE : Io.READ;
        long submitted = 0;
        while (submitted < job.count() || freeCount < slots.length) {
            int batch = (int) Math.min(Math.min(freeCount, BATCH), job.count() - submitted);
            for (int i = 0; i < batch; i++) {
                int slot = free[--freeCount];
                slots[slot].prepare(operation, job.unit(submitted++) * job.unitBytes(), job.unitBytes(), false);
                int status = drive.submit(slots[slot]);
                if (status != IoStatus.PENDING) {
                    ended(slot, status);
                }
            }
            drive.poll(System.nanoTime());
        }
    }

    private void ended(int slot, int status) {
        errors += status == IoStatus.OK ? 0 : 1;
        free[freeCount++] = slot;
    }
}

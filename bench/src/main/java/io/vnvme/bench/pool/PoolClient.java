package io.vnvme.bench.pool;

import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A polled driver at a vNVMe: does a number of transfers in some order, and says how long it took. */
final class PoolClient implements AutoCloseable {
    private static final int BLOCK_BYTES = 512;
    private static final int QUEUE_ENTRIES = 256;
    private static final long RAM_BYTES = 32 << 20;
    private static final long AWAY_NS = 10_000;

    /** Where transfers go, of a range of 2^bits units. */
    enum Order {
        SEQUENTIAL,
        /** Each unit once, in an order without order. */
        SHUFFLED
    }

    /**
     * Work.
     *
     * @param unitBytes size of each transfer
     * @param units length of the range in transfers, a power of two
     * @param count transfers; those beyond the range begin anew
     * @param salt another number, another order
     * @param flushes whether each write is followed by a flush
     */
    record Job(
            boolean write, Order order, int unitBytes, long units, int depth, long count, long salt, boolean flushes) {
        long unit(long number) {
            if (order == Order.SEQUENTIAL) {
                return number & (units - 1);
            }
            // Odd factors and shifts to the right are reversible modulo a power of two: every unit comes once.
            long mask = units - 1;
            int shift = (Long.SIZE - Long.numberOfLeadingZeros(mask)) / 2 + 1;
            long x = number + salt & mask;
            x = x * 0x9E3779B97F4A7C15L & mask;
            x ^= x >>> shift;
            x = x * 0xBF58476D1CE4E5B9L & mask;
            x ^= x >>> shift;
            return x;
        }
    }

    private final SocketDevice device;
    private final NvmeDriver driver;
    private final QueuePair pair;

    PoolClient(Path socket) {
        device = SocketDevice.open(socket, RamLayout.single(RAM_BYTES), 0);
        driver = NvmeDriver.start(device);
        driver.queueCount(1);
        pair = driver.createPair(1, QUEUE_ENTRIES, -1);
    }

    /** Told of every transfer and flush that ended during which the client itself was not away for 10 us. */
    interface Watcher {
        /** @return false: enough */
        boolean ended(long latencyNs);
    }

    /** @return transfers a second */
    double run(Job job) {
        return run(job, null);
    }

    double run(Job job, @Nullable Watcher watcher) {
        int depth = job.depth();
        int blocks = job.unitBytes() / BLOCK_BYTES;
        long[] begun = new long[depth];
        boolean[] flushing = new boolean[depth];
        try (Buffer data = device.ram().allocate((long) depth * job.unitBytes())) {
            PolledIo io = new PolledIo(pair, 1, data, depth, blocks, BLOCK_BYTES);
            long submitted = 0;
            int inFlight = 0;
            long start = System.nanoTime();
            boolean goesOn = true;
            while (inFlight < depth && submitted < job.count()) {
                begun[inFlight] = start;
                submit(io, job, inFlight++, submitted++);
            }
            io.ring();
            long now = start;
            long looked = start;
            long away = start;
            while (inFlight > 0) {
                int count = io.poll();
                if (watcher != null) {
                    long before = looked;
                    looked = System.nanoTime();
                    away = looked - before > AWAY_NS ? looked : away;
                }
                if (count == 0) {
                    Thread.onSpinWait();
                    continue;
                }
                now = System.nanoTime();
                for (int i = 0; i < count; i++) {
                    int slot = io.slot(i);
                    if (watcher != null && begun[slot] - away > 0) {
                        goesOn &= watcher.ended(now - begun[slot]);
                    }
                    if (job.flushes() && !flushing[slot]) {
                        flushing[slot] = true;
                        io.flush(slot);
                    } else if (goesOn && submitted < job.count()) {
                        flushing[slot] = false;
                        begun[slot] = now;
                        submit(io, job, slot, submitted++);
                    } else {
                        inFlight--;
                    }
                }
                io.ring();
            }
            io.finish();
            if (io.errors() > 0) {
                throw new IllegalStateException(
                        "%d transfers failed, the last with status 0x%x".formatted(io.errors(), io.lastError()));
            }
            return submitted * 1e9 / (now - start);
        }
    }

    private static void submit(PolledIo io, Job job, int slot, long number) {
        long lba = job.unit(number) * (job.unitBytes() / BLOCK_BYTES);
        if (job.write()) {
            io.write(slot, lba);
        } else {
            io.read(slot, lba);
        }
    }

    @Override
    public void close() {
        driver.shutdown();
        device.close();
    }
}

package io.vnvme.bench;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.bench.load.Traffic;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import java.nio.file.Path;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * Two guests by turns in one thread, both polled: one reads little, one after the other; the other keeps as many large reads in
 * flight as its queue has room for, or does nothing.
 */
public final class LargeNeighbour implements AutoCloseable {
    private static final int SMALL_BYTES = 4 << 10;
    private static final int LARGE_BYTES = 1 << 20;
    private static final long STALL_NS = 10_000_000_000L;
    private static final Traffic SMALL = new Traffic(100, false, SMALL_BYTES, 1, 1);
    private static final Traffic LARGE = new Traffic(100, false, LARGE_BYTES, 1023, 1);

    private final Guest small;
    private final Guest large;

    /**
     * What was measured.
     *
     * @param latencies of the small reads, in nanoseconds
     * @param largeBytesPerSecond that the large reads moved meanwhile
     */
    public record Outcome(Histogram latencies, double largeBytesPerSecond) {
        public double us(double percentile) {
            return latencies.getValueAtPercentile(percentile) / 1e3;
        }
    }

    private static final class Guest implements AutoCloseable {
        final SocketDrive drive;
        final PolledIo io;
        final RandomBlocks places;
        final int blocks;
        final int depth;

        Guest(Path socket, Traffic traffic) {
            drive = SocketDrive.open(socket, traffic);
            depth = traffic.depth();
            blocks = traffic.blockBytes() / drive.blockBytes();
            places = new RandomBlocks(drive.blockCount() / blocks);
            QueuePair pair = drive.queues(1, depth)[0];
            Buffer data = drive.allocate((long) depth * traffic.blockBytes());
            data.segment().fill((byte) 1);
            io = new PolledIo(pair, SocketDrive.NSID, data, depth, blocks, drive.blockBytes());
        }

        void begin() {
            for (int slot = 0; slot < depth; slot++) {
                submit(slot);
            }
            io.ring();
        }

        void submit(int slot) {
            io.read(slot, places.next() * blocks);
        }

        void again(int count) {
            for (int i = 0; i < count; i++) {
                submit(io.slot(i));
            }
            io.ring();
        }

        void drain(int inFlight) {
            long untilNs = System.nanoTime() + STALL_NS;
            for (int left = inFlight; left > 0; left -= io.poll()) {
                if (System.nanoTime() - untilNs > 0) {
                    throw new IllegalStateException("the drive does not answer");
                }
            }
        }

        @Override
        public void close() {
            SocketTraffic.finish(io);
            drive.close();
        }
    }

    /** Opens two vNVMes that one reactor serves. */
    public LargeNeighbour(Path smallSocket, Path largeSocket) {
        small = new Guest(smallSocket, SMALL);
        large = new Guest(largeSocket, LARGE);
    }

    /**
     * Reads for a time.
     *
     * @param beside whether the other guest reads as well
     */
    public Outcome run(boolean beside, Duration warmUp, Duration length) {
        Meter meter = new Meter(warmUp, length, () -> 0);
        if (beside) {
            large.begin();
        }
        small.begin();
        long begunNs = System.nanoTime();
        long largeDone = 0;
        boolean goesOn = true;
        while (goesOn) {
            if (small.io.poll() > 0) {
                long nowNs = System.nanoTime();
                goesOn = meter.goesOn(nowNs);
                meter.completed(nowNs - begunNs);
                if (goesOn) {
                    begunNs = System.nanoTime();
                    small.again(1);
                }
            }
            int ended = beside ? large.io.poll() : 0;
            if (ended > 0) {
                large.again(ended);
                largeDone += meter.counting() ? ended : 0;
            }
        }
        if (beside) {
            large.drain(large.depth);
        }
        return new Outcome(meter.latencies(), largeDone * (double) LARGE_BYTES / meter.seconds());
    }

    @Override
    public void close() {
        small.close();
        large.close();
    }
}

package io.vnvme.bench;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.bench.load.Traffic;
import io.vnvme.testkit.driver.PolledIo;
import java.nio.file.Path;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * 4 KiB reads, one after the other, by a client that knows when it was away itself: where it shares its processor with others,
 * their turns are not the drive's latency.
 */
public final class WatchedReads implements AutoCloseable {
    private static final int BLOCK_BYTES = 4 << 10;
    private static final long AWAY_NS = 10_000;
    private static final Traffic TRAFFIC = new Traffic(100, false, BLOCK_BYTES, 1, 1);

    private final SocketDrive drive;
    private final PolledIo io;
    private final RandomBlocks places;
    private final int blocks;

    /**
     * What was measured.
     *
     * @param all latencies in nanoseconds
     * @param watched those of reads during which the client never was away for 10 us
     */
    public record Outcome(Histogram all, Histogram watched) {}

    /** Opens the vNVMe at a socket. */
    public WatchedReads(Path socket) {
        drive = SocketDrive.open(socket, TRAFFIC);
        blocks = BLOCK_BYTES / drive.blockBytes();
        places = new RandomBlocks(drive.blockCount() / blocks);
        io = new PolledIo(
                drive.queues(1, 1)[0], SocketDrive.NSID, drive.allocate(BLOCK_BYTES), 1, blocks, drive.blockBytes());
    }

    /** Reads for a time. */
    @SuppressWarnings("ThreadPriorityCheck")
    public Outcome run(Duration length) {
        Histogram all = new Histogram(3);
        Histogram watched = new Histogram(3);
        long nowNs = System.nanoTime();
        long endNs = nowNs + length.toNanos();
        while (nowNs - endNs < 0) {
            // Whoever else waits for this processor has it now, and not during a read.
            Thread.yield();
            long begunNs = System.nanoTime();
            io.read(0, places.next() * blocks);
            io.ring();
            long lookedNs = begunNs;
            boolean away = false;
            boolean done = false;
            while (!done) {
                done = io.poll() > 0;
                nowNs = System.nanoTime();
                away |= nowNs - lookedNs > AWAY_NS;
                lookedNs = nowNs;
            }
            all.recordValue(nowNs - begunNs);
            if (!away) {
                watched.recordValue(nowNs - begunNs);
            }
        }
        return new Outcome(all, watched);
    }

    @Override
    public void close() {
        SocketTraffic.finish(io);
        drive.close();
    }
}

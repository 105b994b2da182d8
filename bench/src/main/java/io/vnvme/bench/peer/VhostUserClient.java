package io.vnvme.bench.peer;

import io.vnvme.bench.load.LoadResult;
import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.bench.load.Workload;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * A polled client of a vhost-user-blk server: keeps a fixed number of operations in flight on one queue, never sleeps.
 * Used by one thread at a time.
 */
public final class VhostUserClient implements AutoCloseable {
    private static final int BLOCK_BYTES = 4096;
    private static final long KINDS_SEED = 0x1234_5678_9ABC_DEF1L;
    private static final long HIGHEST_LATENCY_NS = 10_000_000_000L;
    private static final long STALL_NS = 5_000_000_000L;
    private static final byte PATTERN = 0x5A;

    private final MemorySegment blkio;
    private final MemorySegment queue;
    private final MemorySegment[] buffers;
    private final MemorySegment completions;
    private final RandomBlocks blocks;
    private final long[] startedNs;
    private final RandomBlocks kinds = new RandomBlocks(100, KINDS_SEED);
    private final int depth;
    private final int blockBytes;
    /** Asked for by whichever thread; done when nobody is in the library. */
    private volatile boolean closed;

    private boolean destroyed;

    private VhostUserClient(MemorySegment blkio, int depth, int blockBytes) {
        this.blockBytes = blockBytes;
        this.blkio = blkio;
        this.depth = depth;
        Blkio.start(blkio);
        queue = Blkio.polledQueue(blkio);
        MemorySegment memory = Blkio.sharedMemory(blkio, (long) depth * blockBytes);
        memory.fill(PATTERN);
        buffers = new MemorySegment[depth];
        for (int slot = 0; slot < depth; slot++) {
            buffers[slot] = memory.asSlice((long) slot * blockBytes, blockBytes);
        }
        completions = Arena.ofAuto().allocate(depth * Blkio.COMPLETION_BYTES, Long.BYTES);
        blocks = new RandomBlocks(Blkio.number(blkio, "capacity") / blockBytes);
        startedNs = new long[depth];
    }

    /** Connects to a server, for transfers of 4 KiB. */
    public static VhostUserClient connect(Path libblkio, Path socket, int depth) {
        return connect(libblkio, socket, depth, BLOCK_BYTES);
    }

    /**
     * Connects to a server.
     *
     * @param libblkio file of the library, used the first time that this process needs it
     * @throws IllegalStateException when the server refuses, with libblkio's own words
     * @throws UnsupportedOperationException when libblkio is missing
     */
    public static VhostUserClient connect(Path libblkio, Path socket, int depth, int blockBytes) {
        System.setProperty(Blkio.LIBRARY_PROPERTY, libblkio.toString());
        MemorySegment blkio = Blkio.create("virtio-blk-vhost-user");
        try {
            Blkio.set(blkio, "path", socket.toString());
            Blkio.connect(blkio);
            return new VhostUserClient(blkio, depth, blockBytes);
        } catch (RuntimeException e) {
            Blkio.destroy(blkio);
            throw e;
        }
    }

    /** Bytes that the server offers. */
    public long sizeBytes() {
        return Blkio.number(blkio, "capacity");
    }

    /** One of the two patterns. */
    public LoadResult run(Workload workload, Duration time) {
        return run(workload.writes() ? 0 : 100, time);
    }

    /**
     * Keeps {@code depth} operations in flight for that long, then waits for the last of them.
     *
     * @throws IllegalStateException when the server fails one, leaves one undone for five seconds, or the connection is ended
     */
    public synchronized LoadResult run(int readPercent, Duration time) {
        requireOpen();
        Histogram latency = new Histogram(HIGHEST_LATENCY_NS, 3);
        long begin = System.nanoTime();
        long end = begin + time.toNanos();
        long operations = 0;
        int inFlight = depth;
        for (int slot = 0; slot < depth; slot++) {
            submit(slot, readPercent, begin);
        }
        long now = begin;
        while (inFlight > 0) {
            requireOpen();
            int done = Blkio.advance(queue, completions, depth);
            now = System.nanoTime();
            for (int i = 0; i < done; i++) {
                int slot = completed(i);
                latency.recordValue(Math.clamp(now - startedNs[slot], 0, HIGHEST_LATENCY_NS));
                if (now < end) {
                    submit(slot, readPercent, now);
                } else {
                    inFlight--;
                }
            }
            operations += done;
            if (now - end > STALL_NS) {
                throw new IllegalStateException("the vhost-user-blk server no longer completes operations");
            }
        }
        return new LoadResult(
                operations, now - begin, latency.getValueAtPercentile(50), latency.getValueAtPercentile(99));
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the connection was ended");
        }
    }

    private void submit(int slot, int readPercent, long nowNs) {
        boolean write = readPercent == 0 || readPercent != 100 && kinds.next() >= readPercent;
        startedNs[slot] = nowNs;
        long offsetBytes = blocks.next() * blockBytes;
        if (write) {
            Blkio.write(queue, offsetBytes, buffers[slot], slot);
        } else {
            Blkio.read(queue, offsetBytes, buffers[slot], slot);
        }
    }

    private int completed(int index) {
        long at = index * Blkio.COMPLETION_BYTES;
        int result = completions.get(ValueLayout.JAVA_INT, at + Blkio.COMPLETION_RESULT);
        if (result != 0) {
            throw new IllegalStateException("vhost-user-blk failed an operation: " + result);
        }
        return (int) completions.get(ValueLayout.JAVA_LONG, at + Blkio.COMPLETION_USER_DATA);
    }

    /** Ends the connection. From another thread too: the one that runs is told, and is out of the library before it goes. */
    @Override
    public void close() {
        closed = true;
        synchronized (this) {
            if (!destroyed) {
                destroyed = true;
                Blkio.destroy(blkio);
            }
        }
    }
}

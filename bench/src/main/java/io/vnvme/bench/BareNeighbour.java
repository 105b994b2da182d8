package io.vnvme.bench;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.os.Cpu;
import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;

/**
 * {@link LargeNeighbour} without NVMe: a thread that copies 4 KiB when it is asked to by a store, and between two looks a slice
 * of something large or nothing. What no server with slices of this size is below on this machine.
 */
public final class BareNeighbour implements AutoCloseable {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final int SMALL_BYTES = 4 << 10;
    private static final long LARGE_BYTES = 256 << 20;
    private static final long ASKED = 0;
    /** Two cache lines on: they are fetched in pairs. */
    private static final long ANSWERED = 128;

    private final Mapping words = Mapping.anonymous(4096, false);
    private final Mapping source = Mapping.anonymous(LARGE_BYTES, false);
    private final Mapping target = Mapping.anonymous(LARGE_BYTES, false);
    private final int cpu;
    private final int sliceBytes;

    /** @param sliceBytes a divisor of 1 MiB */
    public BareNeighbour(int cpu, int sliceBytes) {
        this.cpu = cpu;
        this.sliceBytes = sliceBytes;
        source.segment().fill((byte) 1);
        target.segment().fill((byte) 1);
    }

    /**
     * Asks for a time; on the client's thread.
     *
     * @param beside whether slices are copied
     */
    public LargeNeighbour.Outcome run(boolean beside, Duration warmUp, Duration length) throws InterruptedException {
        LONG.setVolatile(words.segment(), ASKED, 0L);
        LONG.setVolatile(words.segment(), ANSWERED, 0L);
        long[] copied = new long[1];
        Thread server = Thread.ofPlatform().daemon().start(() -> copied[0] = serve(beside));
        Meter meter = new Meter(warmUp, length, () -> 0);
        long fromNs = System.nanoTime();
        MemorySegment shared = words.segment();
        boolean goesOn = true;
        for (long turn = 1; goesOn; turn++) {
            long begunNs = System.nanoTime();
            LONG.setRelease(shared, ASKED, turn);
            while ((long) LONG.getAcquire(shared, ANSWERED) != turn) {
                Thread.onSpinWait();
            }
            long nowNs = System.nanoTime();
            goesOn = meter.goesOn(nowNs);
            meter.completed(nowNs - begunNs);
        }
        LONG.setRelease(shared, ASKED, -1L);
        server.join();
        return new LargeNeighbour.Outcome(meter.latencies(), copied[0] * 1e9 / (System.nanoTime() - fromNs));
    }

    private long serve(boolean beside) {
        Cpu.pin(cpu);
        MemorySegment shared = words.segment();
        RandomBlocks places = new RandomBlocks(LARGE_BYTES / SMALL_BYTES);
        long copied = 0;
        long at = 0;
        long answered = 0;
        while (true) {
            long asked = (long) LONG.getAcquire(shared, ASKED);
            if (asked < 0) {
                return copied;
            }
            if (asked != answered) {
                MemorySegment.copy(
                        source.segment(),
                        places.next() * SMALL_BYTES,
                        target.segment(),
                        at & -SMALL_BYTES,
                        SMALL_BYTES);
                answered = asked;
                LONG.setRelease(shared, ANSWERED, answered);
            }
            if (beside) {
                MemorySegment.copy(source.segment(), at, target.segment(), at, sliceBytes);
                copied += sliceBytes;
                at = at + sliceBytes == LARGE_BYTES ? 0 : at + sliceBytes;
            }
        }
    }

    @Override
    public void close() {
        words.close();
        source.close();
        target.close();
    }
}

package io.vnvme.bench;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.bench.load.Traffic;
import io.vnvme.os.Cpu;
import io.vnvme.os.NativeException;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** A polled driver at a vfio-user socket that keeps its queues full. */
public final class SocketTraffic {
    private static final long STALL_NS = 20_000_000_000L;
    private static final int CLOCK_INTERVAL = 1 << 20;
    private static final long KINDS_SEED = 0x1234_5678_9ABC_DEF1L;

    private final Traffic traffic;
    private final Meter meter;
    private final Lane[] lanes;
    private final RandomBlocks places;
    private final RandomBlocks kinds = new RandomBlocks(100, KINDS_SEED);
    private final long transfers;
    private final int perTransfer;
    private final @Nullable Verifier verifier;
    private long nextPlace;

    /**
     * What was measured.
     *
     * @param latencies in nanoseconds, from the submission until the driver saw the completion
     * @param cpuUsPerIo processor time of the serving process for each transfer
     * @param cpuShare of one processor that it used
     * @param checked reads of what this run had written, when it was to verify
     * @param wrong of those, reads that found something else
     */
    public record Outcome(
            double iops,
            double bytesPerSecond,
            Histogram latencies,
            double cpuUsPerIo,
            double cpuShare,
            long checked,
            long wrong) {
        /** The short form. */
        public Sample sample() {
            return new Sample(
                    iops,
                    latencies.getValueAtPercentile(50) / 1e3,
                    latencies.getValueAtPercentile(99) / 1e3,
                    cpuUsPerIo);
        }
    }

    /** One queue pair and its transfers. */
    private static final class Lane {
        final PolledIo io;
        final MemorySegment data;
        final long[] begunNs;
        final int[] blocks;
        final boolean[] reads;

        Lane(PolledIo io, MemorySegment data, int depth) {
            this.io = io;
            this.data = data;
            begunNs = new long[depth];
            blocks = new int[depth];
            reads = new boolean[depth];
        }
    }

    private SocketTraffic(SocketDrive drive, Buffer[] data, Traffic traffic, Meter meter, boolean verify) {
        this.traffic = traffic;
        this.meter = meter;
        if (traffic.blockBytes() % drive.blockBytes() != 0) {
            throw new IllegalStateException("%d bytes are no multiple of the drive's block, %d"
                    .formatted(traffic.blockBytes(), drive.blockBytes()));
        }
        perTransfer = traffic.blockBytes() / drive.blockBytes();
        long all = drive.blockCount() / perTransfer;
        transfers = verify ? Math.min(all, Verifier.BLOCKS_MAX) : all;
        if (transfers < 2L * traffic.depth() * traffic.queues()) {
            throw new IllegalStateException("the drive is too small for so much at once");
        }
        verifier = verify ? new Verifier((int) transfers) : null;
        places = new RandomBlocks(transfers);
        QueuePair[] pairs = drive.queues(traffic.queues(), traffic.depth());
        lanes = new Lane[pairs.length];
        for (int i = 0; i < lanes.length; i++) {
            PolledIo io =
                    new PolledIo(pairs[i], SocketDrive.NSID, data[i], traffic.depth(), perTransfer, drive.blockBytes());
            lanes[i] = new Lane(io, data[i].segment(), traffic.depth());
        }
    }

    /**
     * Measures namespace 1 at a socket.
     *
     * @param warmUp time before the counting begins
     * @param length time that is counted
     * @param verify whether reads are checked against what this run wrote
     * @throws IllegalStateException when the drive fails a transfer, leaves one undone, or is not fit for the traffic
     */
    public static Outcome run(Path socket, Traffic traffic, Duration warmUp, Duration length, boolean verify) {
        try (SocketDrive drive = SocketDrive.open(socket, traffic)) {
            Buffer[] data = new Buffer[traffic.queues()];
            for (int i = 0; i < data.length; i++) {
                data[i] = drive.allocate((long) traffic.depth() * traffic.blockBytes());
            }
            int pid = drive.serverPid();
            Meter meter = new Meter(warmUp, length, () -> cpuTimeNs(pid));
            SocketTraffic run = new SocketTraffic(drive, data, traffic, meter, verify);
            run.measure();
            return run.outcome();
        }
    }

    private static long cpuTimeNs(int pid) {
        try {
            return Cpu.processCpuTimeNs(pid);
        } catch (NativeException e) {
            throw new IllegalStateException(
                    "another daemon took over while it was measured; each transfer went well: measure again", e);
        }
    }

    private void measure() {
        long now = System.nanoTime();
        for (Lane lane : lanes) {
            for (int slot = 0; slot < traffic.depth(); slot++) {
                submit(lane, slot, now);
            }
            lane.io.ring();
        }
        int inFlight = lanes.length * traffic.depth();
        boolean goesOn = true;
        int spins = 0;
        while (inFlight > 0) {
            boolean any = false;
            for (Lane lane : lanes) {
                int count = lane.io.poll();
                if (count == 0) {
                    continue;
                }
                any = true;
                now = System.nanoTime();
                goesOn = goesOn && meter.goesOn(now);
                inFlight -= completed(lane, count, now, goesOn);
            }
            if (any) {
                spins = 0;
            } else {
                Thread.onSpinWait();
                if (++spins % CLOCK_INTERVAL == 0 && System.nanoTime() - now > STALL_NS) {
                    throw new IllegalStateException(
                            "the drive has not answered for 20 s: is its pool full? 'vnvme events' may say why");
                }
            }
        }
        for (Lane lane : lanes) {
            finish(lane.io);
        }
    }

    /** Submits again what has completed, while it is to go on. Returns how many transfers have ended for good. */
    private int completed(Lane lane, int count, long now, boolean goesOn) {
        for (int i = 0; i < count; i++) {
            int slot = lane.io.slot(i);
            if (verifier != null) {
                verifier.ended(buffer(lane, slot), lane.blocks[slot], lane.reads[slot]);
            }
            if (goesOn) {
                meter.completed(now - lane.begunNs[slot]);
                submit(lane, slot, now);
            }
        }
        if (goesOn) {
            lane.io.ring();
            return 0;
        }
        return count;
    }

    private void submit(Lane lane, int slot, long now) {
        int percent = traffic.readPercent();
        boolean read = percent == 100 || percent != 0 && kinds.next() < percent;
        long place;
        if (verifier == null) {
            place = place();
        } else {
            int block = verifier.take(this::place);
            lane.blocks[slot] = block;
            lane.reads[slot] = read;
            if (!read) {
                verifier.fill(buffer(lane, slot), block);
            }
            place = block;
        }
        lane.begunNs[slot] = now;
        if (read) {
            lane.io.read(slot, place * perTransfer);
        } else {
            lane.io.write(slot, place * perTransfer);
        }
    }

    private long place() {
        if (!traffic.sequential()) {
            return places.next();
        }
        long place = nextPlace;
        nextPlace = place + 1 == transfers ? 0 : place + 1;
        return place;
    }

    private MemorySegment buffer(Lane lane, int slot) {
        return lane.data.asSlice((long) slot * traffic.blockBytes(), traffic.blockBytes());
    }

    static void finish(PolledIo io) {
        io.finish();
        if (io.errors() > 0) {
            throw new IllegalStateException(
                    "%d transfers failed, the last with status 0x%x".formatted(io.errors(), io.lastError()));
        }
    }

    private Outcome outcome() {
        long count = meter.latencies().getTotalCount();
        double seconds = meter.seconds();
        double cpuUs = meter.cpuUs();
        Verifier judge = verifier;
        return new Outcome(
                count / seconds,
                count * (double) traffic.blockBytes() / seconds,
                meter.latencies(),
                count == 0 ? 0 : cpuUs / count,
                cpuUs / 1e6 / seconds,
                judge == null ? 0 : judge.checked(),
                judge == null ? 0 : judge.wrong());
    }
}

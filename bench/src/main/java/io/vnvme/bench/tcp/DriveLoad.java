package io.vnvme.bench.tcp;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.os.Mapping;
import java.util.Arrays;

/** So many units of work at a time at a drive that the calling thread polls, each begun again where it ended. */
final class DriveLoad implements AutoCloseable {
    private static final int LATENCIES = 1 << 14;
    private static final long LATENCY_UNIT_NS = 250;

    private final Drive drive;
    private final int bytes;
    private final int operation;
    private final Io[] works;
    private final long[] begunNs;
    private final Mapping memory;
    private final RandomBlocks random;
    private final long[] latencies = new long[LATENCIES];
    private long nowNs;
    private long completed;
    private int outstanding;
    private boolean goesOn;

    DriveLoad(Drive drive, int bytes, int depth, boolean writes) {
        this.drive = drive;
        this.bytes = bytes;
        operation = writes ? Io.WRITE : Io.READ;
        works = new Io[depth];
        begunNs = new long[depth];
        memory = Mapping.anonymous((long) depth * bytes, false);
        random = new RandomBlocks(drive.sizeBytes() / bytes);
        for (int i = 0; i < depth; i++) {
            int index = i;
            works[i] = new Io((_, status) -> ended(index, status));
            works[i].data().add(memory.segment(), (long) i * bytes, bytes);
        }
    }

    private void submit(int index) {
        begunNs[index] = nowNs;
        works[index].prepare(operation, random.next() * bytes, bytes, false);
        outstanding++;
        int answer = drive.submit(works[index]);
        if (answer != IoStatus.PENDING) {
            ended(index, answer);
        }
    }

    private void ended(int index, int status) {
        if (status != IoStatus.OK) {
            throw new IllegalStateException("status " + status);
        }
        outstanding--;
        completed++;
        latencies[(int) Math.min(LATENCIES - 1, (System.nanoTime() - begunNs[index]) / LATENCY_UNIT_NS)]++;
        if (goesOn) {
            submit(index);
        }
    }

    /** Goes on for some time, and ends what it has begun. @return units of work that ended */
    long run(long lengthNs) {
        long before = completed;
        long endNs = System.nanoTime() + lengthNs;
        goesOn = true;
        nowNs = System.nanoTime();
        for (int i = 0; i < works.length; i++) {
            submit(i);
        }
        while (outstanding > 0) {
            nowNs = System.nanoTime();
            goesOn = nowNs < endNs;
            drive.poll(nowNs);
        }
        return completed - before;
    }

    /** The time within which a part of all ended, in microseconds. */
    double latencyUs(double part) {
        long total = 0;
        for (long count : latencies) {
            total += count;
        }
        long sum = 0;
        for (int i = 0; i < LATENCIES; i++) {
            sum += latencies[i];
            if (sum >= total * part) {
                return i * LATENCY_UNIT_NS / 1e3;
            }
        }
        return LATENCIES * LATENCY_UNIT_NS / 1e3;
    }

    void forget() {
        Arrays.fill(latencies, 0);
    }

    @Override
    public void close() {
        memory.close();
    }
}

package io.vnvme.migration;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Some clusters on their way: read at once, then written run by run, those that are zero deallocated. */
final class CopySlot implements Io.Completion {
    static final int CLUSTERS = 4;
    private static final long BYTES = (long) CLUSTERS << ClusterBits.SHIFT;
    private static final MemorySegment ZERO = Arena.global().allocate(ClusterBits.CLUSTER_BYTES);

    private final LiveCopy copy;
    private final MemorySegment memory;
    private final Io io = new Io(this);
    private long first;
    private int count;
    private long lengthBytes;
    /** Clusters that are written; negative while they are being read. */
    private int at;

    /** Clusters that are being written. */
    private int runCount;

    private boolean busy;

    CopySlot(LiveCopy copy, Arena arena) {
        this.copy = copy;
        this.memory = arena.allocate(BYTES, 4096);
    }

    boolean busy() {
        return busy;
    }

    /** Takes clusters along that nobody else has on the way. */
    void begin(long firstCluster, int clusterCount) {
        first = firstCluster;
        count = clusterCount;
        long start = first << ClusterBits.SHIFT;
        lengthBytes = Math.min((long) count << ClusterBits.SHIFT, copy.source().sizeBytes() - start);
        at = -1;
        busy = true;
        io.prepare(Io.READ, start, lengthBytes, false);
        io.data().clear();
        io.data().add(memory, 0, lengthBytes);
        goOn(copy.source().submit(io));
    }

    @Override
    public void completed(Io ended, int status) {
        goOn(status);
    }

    private void goOn(int ended) {
        int status = ended;
        while (status != IoStatus.PENDING) {
            copy.progressed();
            if (status != IoStatus.OK) {
                boolean reading = at < 0;
                busy = false;
                copy.failed(reading, first << ClusterBits.SHIFT, status);
                return;
            }
            at = at < 0 ? 0 : at + runCount;
            if (at >= count || copy.over()) {
                busy = false;
                copy.copied(count, lengthBytes);
                return;
            }
            status = writeRun();
        }
    }

    /** @return an {@link IoStatus} */
    private int writeRun() {
        boolean zero = zero(at);
        runCount = 1;
        while (at + runCount < count && zero(at + runCount) == zero) {
            runCount++;
        }
        long from = (long) at << ClusterBits.SHIFT;
        long bytes = Math.min((long) runCount << ClusterBits.SHIFT, lengthBytes - from);
        long start = (first << ClusterBits.SHIFT) + from;
        io.data().clear();
        if (zero) {
            if (!copy.mayHold(first + at, runCount)) {
                return IoStatus.OK;
            }
            io.prepare(Io.DEALLOCATE, start, bytes, false);
        } else {
            copy.holds(first + at, runCount);
            io.prepare(Io.WRITE, start, bytes, false);
            io.data().add(memory, from, bytes);
        }
        return copy.target().submit(io);
    }

    private boolean zero(int cluster) {
        long from = (long) cluster << ClusterBits.SHIFT;
        long bytes = Math.min(ClusterBits.CLUSTER_BYTES, lengthBytes - from);
        return MemorySegment.mismatch(memory, from, from + bytes, ZERO, 0, bytes) < 0;
    }
}

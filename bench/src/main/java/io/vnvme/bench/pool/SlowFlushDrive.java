package io.vnvme.bench.pool;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.util.ArrayDeque;

/** Memory that says it has a cache: writes end at once, a flush and a write through the cache take a millisecond. */
final class SlowFlushDrive implements Drive {
    private static final long FLUSH_NS = 1_000_000;

    /** Work that has been done, and when it is to be told. */
    private record Late(Io io, long dueNs) {}

    private final Drive memory;
    private final ArrayDeque<Late> late = new ArrayDeque<>();
    private long flushCount;

    SlowFlushDrive(Drive memory) {
        this.memory = memory;
    }

    /** Flushes and writes through the cache so far. */
    long flushCount() {
        return flushCount;
    }

    @Override
    public String name() {
        return memory.name();
    }

    @Override
    public long sizeBytes() {
        return memory.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return memory.blockSizeBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return true;
    }

    @Override
    public int submit(Io io) {
        int status = memory.submit(io);
        if (status == IoStatus.OK && (io.operation() == Io.FLUSH || io.forceUnitAccess())) {
            flushCount++;
            late.add(new Late(io, System.nanoTime() + FLUSH_NS));
            return IoStatus.PENDING;
        }
        return status;
    }

    @Override
    public int poll(long nowNs) {
        int work = 0;
        for (Late next = late.peek(); next != null && next.dueNs() - System.nanoTime() <= 0; next = late.peek()) {
            late.remove();
            next.io().complete(IoStatus.OK);
            work++;
        }
        return work;
    }

    @Override
    public long prepareSleep(long nowNs) {
        Late next = late.peek();
        return next == null ? UNLIMITED : Math.max(0, next.dueNs() - System.nanoTime());
    }

    @Override
    public void close() {
        memory.close();
    }
}

package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Copies the frames that are still needed to the journal area of another set, to the same places in the ring. No commit
 * is made meanwhile; the superblocks that follow say where the journal is from then on.
 */
final class JournalMove {
    private static final long PART_BYTES = 1 << 20;

    private final PoolSet from;
    private final PoolSet to;
    private final long ringBytes;
    private final long end;
    private final Done done;
    private final MemorySegment buffer;
    private final Io io = new Io((_, status) -> ended(status));
    private long position;
    private long part;
    private int operation = Io.FLUSH;

    JournalMove(PoolSet from, PoolSet to, long ringBytes, long start, long end, Done done) {
        this.from = from;
        this.to = to;
        this.ringBytes = ringBytes;
        this.position = start;
        this.end = end;
        this.done = done;
        buffer = Arena.ofAuto().allocate(Math.min(PART_BYTES, ringBytes), Geometry.BLOCK_BYTES);
    }

    void start() {
        read();
    }

    private void read() {
        if (position >= end) {
            submit(to, Io.FLUSH);
            return;
        }
        part = Math.min(Math.min(buffer.byteSize(), end - position), ringBytes - position % ringBytes);
        submit(from, Io.READ);
    }

    private void submit(PoolSet set, int what) {
        operation = what;
        io.prepare(what, Geometry.JOURNAL_OFFSET + position % ringBytes, what == Io.FLUSH ? 0 : part, false);
        io.data().clear();
        if (what != Io.FLUSH) {
            io.data().add(buffer, 0, part);
        } else if (!set.drive().volatileWriteCache()) {
            done.done(null);
            return;
        }
        int answer = set.drive().submit(io);
        if (answer != IoStatus.PENDING) {
            ended(answer);
        }
    }

    private void ended(int status) {
        if (status != IoStatus.OK) {
            done.done(new PoolException(PoolException.Reason.DRIVE_FAILED, "the journal could not be moved"));
        } else if (operation == Io.READ) {
            submit(to, Io.WRITE);
        } else if (operation == Io.WRITE) {
            position += part;
            read();
        } else {
            done.done(null);
        }
    }
}

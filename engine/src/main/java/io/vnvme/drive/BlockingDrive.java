package io.vnvme.drive;

import io.vnvme.reactor.Clock;
import java.lang.foreign.MemorySegment;

/**
 * A drive as blocking code uses it: each call returns when its work has ended.
 *
 * <p>For what runs beside the data path: formatting, loading, checking. The drive belongs to the calling thread meanwhile.
 */
public final class BlockingDrive {
    /** Gives time to work that has not ended yet. */
    @FunctionalInterface
    public interface Pause {
        void pause();
    }

    private final Drive drive;
    private final Clock clock;
    private final Pause pause;
    private final Io io = new Io((_, ended) -> status = ended);
    private int status;

    /** @param pause called between two looks for the end of work; a simulation moves its clock there */
    public BlockingDrive(Drive drive, Clock clock, Pause pause) {
        this.drive = drive;
        this.clock = clock;
        this.pause = pause;
    }

    public BlockingDrive(Drive drive) {
        this(drive, Clock.system(), Thread::onSpinWait);
    }

    public Drive drive() {
        return drive;
    }

    public String name() {
        return drive.name();
    }

    public long sizeBytes() {
        return drive.sizeBytes();
    }

    /** Fills {@code target}. @return an {@link IoStatus} other than PENDING */
    public int read(long offsetBytes, MemorySegment target) {
        return run(Io.READ, offsetBytes, target);
    }

    /** Writes all of {@code source}. @return an {@link IoStatus} other than PENDING */
    public int write(long offsetBytes, MemorySegment source) {
        return run(Io.WRITE, offsetBytes, source);
    }

    /** Makes what was written durable. @return an {@link IoStatus} other than PENDING */
    public int flush() {
        return drive.volatileWriteCache() ? run(Io.FLUSH, 0, MemorySegment.NULL) : IoStatus.OK;
    }

    /** A read that goes on by itself until somebody wants it. */
    public final class Ahead {
        private final Io io = new Io((_, ended) -> this.ended = ended);
        private int ended;

        private Ahead(long offsetBytes, MemorySegment target) {
            io.prepare(Io.READ, offsetBytes, target.byteSize(), false);
            io.data().add(target, 0, target.byteSize());
            ended = IoStatus.PENDING;
            int answer = drive.submit(io);
            if (answer != IoStatus.PENDING) {
                ended = answer;
            }
        }

        /** Waits for its end. @return an {@link IoStatus} other than PENDING */
        public int await() {
            while (ended == IoStatus.PENDING) {
                if (drive.poll(clock.nowNs()) == 0 && ended == IoStatus.PENDING) {
                    pause.pause();
                }
            }
            return ended;
        }
    }

    /** Begins to fill {@code target}, which is in use until {@link Ahead#await} has returned. */
    public Ahead readAhead(long offsetBytes, MemorySegment target) {
        return new Ahead(offsetBytes, target);
    }

    private int run(int operation, long offsetBytes, MemorySegment memory) {
        io.prepare(operation, offsetBytes, memory.byteSize(), false);
        io.data().clear();
        if (memory.byteSize() > 0) {
            io.data().add(memory, 0, memory.byteSize());
        }
        status = IoStatus.PENDING;
        int answer = drive.submit(io);
        if (answer != IoStatus.PENDING) {
            return answer;
        }
        while (status == IoStatus.PENDING) {
            if (drive.poll(clock.nowNs()) == 0 && status == IoStatus.PENDING) {
                pause.pause();
            }
        }
        return status;
    }
}

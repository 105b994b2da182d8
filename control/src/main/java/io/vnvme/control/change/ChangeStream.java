package io.vnvme.control.change;

import io.vnvme.control.model.ChangeInfo;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What one client has still to be told. It belongs to the thread that opened it; others only put into it, and never wait:
 * a client that does not keep up is dropped, by an interrupt that also ends a write which the client does not take.
 */
public final class ChangeStream implements AutoCloseable {
    private final Changes changes;
    private final Thread reader = Thread.currentThread();
    private final BlockingQueue<ChangeInfo> queue;
    private final boolean anew;
    private final long startId;
    private volatile boolean ended;
    /** When what the client is being told now was taken; meaningless while {@link #waiting}. */
    private volatile long takenNs = System.nanoTime();

    private volatile boolean waiting;

    /**
     * @param anew nothing is known of what the client knows
     * @param startId up to which it needs not be told
     */
    ChangeStream(Changes changes, boolean anew, long startId, List<ChangeInfo> missed, int queuedMax) {
        this.changes = changes;
        this.anew = anew;
        this.startId = startId;
        this.queue = new ArrayBlockingQueue<>(missed.size() + queuedMax);
        queue.addAll(missed);
    }

    /** Whether the client has to load everything: it is new here, or what it missed is not known any more. */
    public boolean anew() {
        return anew;
    }

    /** Number of the newest change before those that follow. */
    public long startId() {
        return startId;
    }

    /**
     * The next change.
     *
     * @param wait how long to wait for one
     * @throws InterruptedException when the stream has ended
     */
    public Optional<ChangeInfo> next(Duration wait) throws InterruptedException {
        waiting = true;
        try {
            if (ended) {
                throw new InterruptedException("the stream has ended");
            }
            return Optional.ofNullable(queue.poll(wait.toNanos(), TimeUnit.NANOSECONDS));
        } finally {
            takenNs = System.nanoTime();
            waiting = false;
        }
    }

    /** Whether the client has not taken what it was told for longer than that. */
    boolean stuck(Duration time) {
        return !waiting && System.nanoTime() - takenNs > time.toNanos();
    }

    /** @return false when the client is too far behind */
    boolean offer(ChangeInfo change) {
        return queue.offer(change);
    }

    void end() {
        ended = true;
        reader.interrupt();
    }

    @Override
    public void close() {
        changes.forget(this);
        // An end that came too late to interrupt anything here must not interrupt what the thread does next.
        if (ended) {
            Thread.interrupted();
        }
    }
}

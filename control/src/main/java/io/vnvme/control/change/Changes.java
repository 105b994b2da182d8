package io.vnvme.control.change;

import io.vnvme.control.model.ChangeInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Changes of all resources, numbered, and the clients that follow them.
 *
 * <p>A change is what differs between two looks. So none is missed wherever it comes from, and whoever changes
 * something knows nothing of this. Looks are taken only while somebody follows; the first one then is compared
 * with the last before, so that a client that comes back is told what differs since, however often it changed.
 */
public final class Changes implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Changes.class.getName());

    /** Changes that a client which comes back can still be told. */
    static final int KEPT_MAX = 2048;
    /** Changes that a client may be behind: as many as a pool of a thousand vNVMes makes that is imported. */
    static final int QUEUED_MAX = 1024;

    static final int STREAMS_MAX = 64;
    private static final Duration STUCK = Duration.ofSeconds(10);
    /** Numbers of a second: numbers begin at the time of the start, so that those of a later start are larger. */
    private static final long IDS_PER_MS = 1000;

    private final Look look;
    private final ChangeWatch watch;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<ChangeStream> streams = new ArrayList<>();
    private final Deque<ChangeInfo> kept = new ArrayDeque<>();
    private long lastId = System.currentTimeMillis() * IDS_PER_MS;
    /** The newest change that is not kept. */
    private long forgottenId = lastId;

    private boolean closed;

    /** @param resources all that there is, each with what counts as its content */
    public Changes(Supplier<Map<Resource, Object>> resources) {
        this.look = new Look(resources, this::publish);
        this.watch = new ChangeWatch(look, this::dropStuck);
    }

    /**
     * Follows changes, on the calling thread.
     *
     * @param after number of the last change that the client knows
     * @throws ProblemException when too many follow already, or the daemon is ending
     */
    public ChangeStream open(OptionalLong after) {
        if (!watch.running()) {
            look.take();
        }
        lock.lock();
        try {
            if (closed || streams.size() >= STREAMS_MAX) {
                throw new ProblemException(
                        ProblemCode.TOO_MANY_STREAMS,
                        closed
                                ? "the daemon is ending"
                                : "%d clients follow changes already: close one".formatted(STREAMS_MAX));
            }
            boolean known = after.isPresent() && after.getAsLong() >= forgottenId && after.getAsLong() <= lastId;
            long start = known ? after.getAsLong() : lastId;
            List<ChangeInfo> missed = kept.stream().filter(c -> c.id() > start).toList();
            ChangeStream stream = new ChangeStream(this, !known, start, missed, QUEUED_MAX);
            streams.add(stream);
            watch.start();
            return stream;
        } finally {
            lock.unlock();
        }
    }

    /** Something may have changed: the next look is taken soon. */
    public void nudge() {
        watch.nudge();
    }

    /** Clients that follow. */
    public int streamCount() {
        lock.lock();
        try {
            return streams.size();
        } finally {
            lock.unlock();
        }
    }

    void publish(Resource resource, String what) {
        lock.lock();
        try {
            ChangeInfo change = new ChangeInfo(
                    ++lastId,
                    Instant.now().truncatedTo(ChronoUnit.MILLIS).toString(),
                    resource.kind(),
                    resource.name(),
                    what);
            kept.addLast(change);
            if (kept.size() > KEPT_MAX) {
                forgottenId = kept.removeFirst().id();
            }
            drop(streams.stream().filter(s -> !s.offer(change)).toList());
        } finally {
            lock.unlock();
        }
    }

    private void dropStuck() {
        lock.lock();
        try {
            drop(streams.stream().filter(s -> s.stuck(STUCK)).toList());
        } finally {
            lock.unlock();
        }
    }

    private void drop(List<ChangeStream> slow) {
        for (ChangeStream stream : slow) {
            LOG.log(Level.INFO, "a client that follows changes does not keep up, and is dropped");
            streams.remove(stream);
            stream.end();
        }
    }

    void forget(ChangeStream stream) {
        lock.lock();
        try {
            streams.remove(stream);
            if (streams.isEmpty()) {
                watch.stop();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends all streams; no new ones begin. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            streams.forEach(ChangeStream::end);
            watch.stop();
        } finally {
            lock.unlock();
        }
    }
}

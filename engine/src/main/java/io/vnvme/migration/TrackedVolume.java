package io.vnvme.migration;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.WaitMeter;
import io.vnvme.volume.Volume;
import java.util.ArrayDeque;
import java.util.function.ToIntFunction;

/**
 * A volume whose users do not see that it is being copied: it notes which clusters changed, slows writes down when they are
 * ahead of the copy, holds everything up for the moment of the switch, and is the other volume afterwards.
 *
 * <p>A change is noted when it has ended. Until then a copy may find either content, and what it found counts no more; what
 * ended before the copy read is what it read.
 */
public final class TrackedVolume implements Volume {
    private static final System.Logger LOG = System.getLogger(TrackedVolume.class.getName());
    /** Longest that one write is held to let the copy get ahead: below what a person or a file system notices. */
    static final long HOLD_NS = 200_000_000;
    /** A copy that has not got on for so long has no right to hold anybody. */
    static final long STILL_NS = 100_000_000;

    /** What is not used in time is not saved up. */
    private static final long CREDIT_MAX = 64;

    private record Held(Io io, long sinceNs) {}

    private final ClusterBits dirty;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    private final ArrayDeque<Tracker> spare = new ArrayDeque<>();
    private ArrayDeque<Io> frozenOut = new ArrayDeque<>();
    private Volume volume;
    private boolean tracking = true;
    private boolean frozen;
    private boolean throttling;
    /** What writes may still change of clean clusters, in halves of clusters. */
    private long credit;

    private int inFlight;
    private long heldCount;
    private long nowNs;

    TrackedVolume(Volume volume, ClusterBits dirty) {
        this.volume = volume;
        this.dirty = dirty;
    }

    /** Whose content it is now. */
    Volume volume() {
        return volume;
    }

    /** Pieces of work that came by here and have not ended, but for those that are held up. */
    int inFlight() {
        return inFlight;
    }

    /** Pieces of work that users wait for: with the volume, or held up here. */
    public int pending() {
        return inFlight + held.size() + frozenOut.size();
    }

    /** Writes that had to wait for the copy. */
    long heldCount() {
        return heldCount;
    }

    @Override
    public long sizeBytes() {
        return volume.sizeBytes();
    }

    @Override
    public int blockSizeBytes() {
        return volume.blockSizeBytes();
    }

    @Override
    public int physicalBlockBytes() {
        return volume.physicalBlockBytes();
    }

    @Override
    public int optimalWriteBytes() {
        return volume.optimalWriteBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        return volume.volatileWriteCache();
    }

    @Override
    public boolean synchronous() {
        return volume.synchronous();
    }

    @Override
    public WaitMeter space() {
        return volume.space();
    }

    @Override
    public int submit(Io io) {
        if (!tracking) {
            return volume.submit(io);
        }
        if (frozen) {
            frozenOut.add(io);
            return IoStatus.PENDING;
        }
        if (throttling && changes(io) && !credited(io)) {
            heldCount++;
            held.add(new Held(io, nowNs));
            return IoStatus.PENDING;
        }
        return pass(io);
    }

    private static boolean changes(Io io) {
        return io.operation() != Io.READ && io.operation() != Io.FLUSH;
    }

    /** What changes clusters that are to be copied anyway costs nothing; the rest takes of what the copy has earned. */
    private boolean credited(Io io) {
        long clean = dirty.unset(io.offsetBytes(), io.lengthBytes());
        if (clean > 0 && (credit <= 0 || !held.isEmpty())) {
            return false;
        }
        credit -= 2 * clean;
        return true;
    }

    private int pass(Io io) {
        Tracker tracker = spare.poll();
        if (tracker == null) {
            tracker = new Tracker();
        }
        tracker.begin(io);
        int status = IoStatus.WRITE_ERROR;
        try {
            status = volume.submit(io);
        } finally {
            if (status != IoStatus.PENDING) {
                tracker.end(io);
            }
        }
        return status;
    }

    private void resubmit(Io io) {
        again(io, this::submit);
    }

    /** One whose memory is gone, or that meets a defect, ends with an error: the others that waited are not to wait for ever. */
    private static void again(Io io, ToIntFunction<Io> with) {
        int status;
        try {
            status = with.applyAsInt(io);
        } catch (InternalError | RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a command that had waited for a copy could not be begun", e);
            status = io.operation() == Io.READ ? IoStatus.READ_ERROR : IoStatus.WRITE_ERROR;
        }
        if (status != IoStatus.PENDING) {
            io.complete(status);
        }
    }

    /** From now on writes that the copy did not wait for wait for the copy; or not any more. */
    void throttle(boolean slow) {
        throttling = slow;
        credit = 0;
        if (!slow) {
            releaseHeld();
        }
    }

    boolean throttling() {
        return throttling;
    }

    /** The copy has got on by some clusters: half as many may be changed, so that each round has less to do. */
    void earned(long clusters) {
        if (throttling) {
            credit = Math.min(credit + clusters, CREDIT_MAX);
        }
    }

    /**
     * Lets writes go that have their credit, or have waited for long enough.
     *
     * @param idleNs since the copy got on
     */
    void look(long now, long idleNs) {
        nowNs = now;
        while (!held.isEmpty()) {
            Held first = held.element();
            if (credit <= 0 && now - first.sinceNs() < HOLD_NS && idleNs < STILL_NS) {
                return;
            }
            held.remove();
            credit -= 2 * dirty.unset(first.io().offsetBytes(), first.io().lengthBytes());
            release(first.io());
        }
    }

    private void releaseHeld() {
        for (Held next = held.poll(); next != null; next = held.poll()) {
            release(next.io());
        }
    }

    private void release(Io io) {
        if (frozen) {
            frozenOut.add(io);
            return;
        }
        again(io, tracking ? this::pass : volume::submit);
    }

    /** Begins nothing more. */
    void freeze() {
        frozen = true;
        throttle(false);
    }

    /** Goes on as before. */
    void thaw() {
        frozen = false;
        letIn();
    }

    /** Goes on with another volume, or this one; nothing is noted any more. */
    void settle(Volume from) {
        volume = from;
        tracking = false;
        frozen = false;
        throttle(false);
        letIn();
    }

    private void letIn() {
        ArrayDeque<Io> waiting = frozenOut;
        frozenOut = new ArrayDeque<>();
        waiting.forEach(this::resubmit);
    }

    /** A piece of work between its user and the volume. Pooled. */
    private final class Tracker implements Io.Completion {
        private Io.Completion user = this;
        private boolean changing;
        private long offsetBytes;
        private long lengthBytes;

        void begin(Io io) {
            user = io.redirect(this);
            changing = changes(io);
            offsetBytes = io.offsetBytes();
            lengthBytes = io.lengthBytes();
            inFlight++;
        }

        void end(Io io) {
            io.redirect(user);
            user = this;
            inFlight--;
            if (changing && tracking) {
                dirty.setRange(offsetBytes, lengthBytes);
            }
            spare.add(this);
        }

        @Override
        public void completed(Io io, int status) {
            end(io);
            io.complete(status);
        }
    }
}

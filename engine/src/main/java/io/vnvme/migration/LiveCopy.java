package io.vnvme.migration;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Poller;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Copies a volume that is in use: what it holds, then in rounds what has changed meanwhile, until so little is left that its
 * users can wait for it. Then it is frozen, the rest is copied and made durable, and whoever began this decides: the users go
 * on with the copy, or with the volume as before.
 *
 * <p>Belongs to the reactor of the volume and is polled there. The {@link #volume} takes the place of the one that is copied
 * for all who use it, before anything else. An error at the target ends the copy alone; its users never hear of it.
 */
public final class LiveCopy implements Poller, AutoCloseable {
    /** So long may the last round take, by the speed of those before: users wait for it. */
    private static final long LAST_ROUND_NS = 40_000_000;
    /** Bounds of what is left for it, whatever the speed seems to be, in clusters of 64 KiB. */
    private static final int LAST_CLUSTERS_MIN = 16;

    private static final int LAST_CLUSTERS_MAX = 256;
    /** Enough for a target that is not near, and little beside what guests have in flight. */
    private static final int SLOTS = 8;
    /** Of those, begun in one pass: guests wait behind the memory that is copied. */
    private static final int BEGUN_MAX = 2;
    /** Rounds that may be without gain before writes are slowed down: the first is everything, the second may be large. */
    private static final int PATIENCE_ROUNDS = 2;

    private static final long LOOK_NS = 1_000_000;

    private enum Stage {
        /** What was begun before goes on, and it is not known yet what there is. */
        BEGINNING,
        COPYING,
        /** Little is left: what was written is made durable, so that the end need not wait for it. */
        FLUSHING,
        /** Users are held up, what they had begun ends. */
        DRAINING,
        LAST_ROUND,
        LAST_FLUSH,
        FROZEN,
        OVER
    }

    /** Told once, on the reactor. */
    @FunctionalInterface
    public interface FreezeEnded {
        /** @param frozen all is copied and durable, and users wait for {@link #settle} or {@link #thaw}; else they go on */
        void ended(boolean frozen);
    }

    private final ClusterBits dirty;
    /** Clusters that the target may have data in; a new one reads zeros elsewhere. */
    private final ClusterBits held;

    private final CopyTarget target;
    private final TrackedVolume volume;
    private final IntSupplier pending;
    private final Arena arena = Arena.ofShared();
    private final List<CopySlot> slots = new ArrayList<>();
    private final Io flush = new Io((_, status) -> flushed(status));
    private Stage stage = Stage.BEGINNING;
    private Runnable survey = () -> {};
    private boolean settled;
    private boolean surveyed;
    private boolean flushing;
    private boolean flushAgain;
    private @Nullable FreezeEnded waiting;
    private long freezeLimitNs;
    private long frozenNs;
    private long cursor;
    private long roundFromNs;
    private long roundBytes;
    private long roundClusters;
    private long progressNs;
    private long nowNs;
    private int rounds;
    private long copied;
    // Looked at by others, a moment late.
    private volatile int round;
    private volatile long copiedBytes;
    private volatile long dirtyBytes;
    private volatile long bytesPerSecond;
    private volatile boolean slowed;
    private volatile boolean ready;
    private volatile long gapNs;
    private volatile @Nullable String failure;

    /**
     * @param source what is copied, as its users have it
     * @param target of the same size; what nobody wrote reads zeros there
     * @param pending pieces of work that users wait for altogether, those too that they began before {@link #volume} took its
     *     place: it is only when there are none such that what is read is all that they have written
     */
    public LiveCopy(Volume source, CopyTarget target, IntSupplier pending) {
        this(source, target, pending, true);
    }

    /** @param empty the target reads zeros; else it may hold anything, but where there is no {@link #data} what the source holds */
    public LiveCopy(Volume source, CopyTarget target, IntSupplier pending, boolean empty) {
        this.target = target;
        this.pending = pending;
        dirty = new ClusterBits(source.sizeBytes());
        held = new ClusterBits(source.sizeBytes());
        if (!empty) {
            held.setRange(0, source.sizeBytes());
        }
        volume = new TrackedVolume(source, dirty);
        for (int i = 0; i < SLOTS; i++) {
            slots.add(new CopySlot(this, arena));
        }
    }

    /** What users have in the place of the source, and keep. */
    public TrackedVolume volume() {
        return volume;
    }

    /**
     * Has the source looked at for {@link #data} when all has ended that was begun before {@link #volume} took its place, and
     * calls {@link #begin} in the end. A write that was under way while somebody looked might be found by nobody.
     */
    public void whenSettled(Runnable look) {
        survey = look;
    }

    /** There may be data in this range: it is copied. Before {@link #begin}. */
    public void data(long offsetBytes, long lengthBytes) {
        if (stage == Stage.OVER) {
            return;
        }
        dirty.setRange(offsetBytes, lengthBytes);
    }

    /** Whether so little is left that a freeze would be short. From any thread, a moment late. */
    public boolean ready() {
        return ready;
    }

    /** All that there was is known. */
    public void begin() {
        surveyed = true;
    }

    /** Rounds begun: 1 is all that there was. */
    public int round() {
        return round;
    }

    public long copiedBytes() {
        return copiedBytes;
    }

    /** What is still to be copied as far as it is known. */
    public long dirtyBytes() {
        return dirtyBytes;
    }

    /** Of the last round that says something. */
    public long bytesPerSecond() {
        return bytesPerSecond;
    }

    /** Whether writes wait for the copy at the moment, since there would be no end otherwise. */
    public boolean slowed() {
        return slowed;
    }

    /** How long users were held up last, in nanoseconds. */
    public long gapNs() {
        return gapNs;
    }

    /** Why it cannot go on; nothing while it can. */
    public Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** What is copied; after {@link #settle} what users have. */
    public Volume source() {
        return volume.volume();
    }

    CopyTarget target() {
        return target;
    }

    boolean over() {
        return stage == Stage.OVER;
    }

    boolean mayHold(long first, int count) {
        long found = held.next(first);
        return found >= 0 && found < first + count;
    }

    void holds(long first, int count) {
        held.set(first, first + count);
    }

    void progressed() {
        progressNs = nowNs;
    }

    void copied(int clusters, long bytes) {
        roundBytes += bytes;
        copied += bytes;
        volume.earned(clusters);
    }

    void failed(boolean reading, long offsetBytes, int status) {
        String why = switch (status) {
            case IoStatus.NO_SPACE -> "there is no space left";
            case IoStatus.GONE -> "it is gone";
            default -> "its drive reports an error";
        };
        fail("the %s cannot be %s at byte %d: %s"
                .formatted(reading ? "volume" : "copy", reading ? "read" : "written", offsetBytes, why));
    }

    /** Whether all is copied and durable, and users wait for whoever asked for that. On the reactor. */
    public boolean isFrozen() {
        return stage == Stage.FROZEN;
    }

    /** It comes to nothing: users go on with the source. */
    public void fail(String why) {
        if (stage != Stage.OVER) {
            failure = why;
            end(source());
        }
    }

    /**
     * Freezes as soon as little is left, and tells when it has; or that it was not to be: it would have taken too long, or the
     * copy is over. One at a time.
     *
     * @param limitNs longest that users are held up for what is left
     */
    public void freeze(long limitNs, FreezeEnded ended) {
        if (waiting != null || stage == Stage.FROZEN) {
            throw new IllegalStateException("it is frozen already, or about to be");
        }
        if (stage == Stage.OVER) {
            ended.ended(false);
            return;
        }
        freezeLimitNs = limitNs;
        waiting = ended;
    }

    /** Whoever asked for it has no more time: nothing is frozen, or not any more, and the copy goes on. */
    public void withdraw() {
        if (frozen()) {
            thaw();
        }
        // A flush that takes longer than anybody waits is no try to freeze: it is over before the next one.
        ready &= stage != Stage.FLUSHING;
        tell(false);
    }

    /** Users go on with the volume that is copied, and the copy goes on too. Frozen. */
    public void thaw() {
        gapNs = nowNs - frozenNs;
        stage = Stage.COPYING;
        volume.thaw();
    }

    /** Users go on with that volume; this is over. Frozen, or to end it early with the source. */
    public void settle(Volume with) {
        if (frozen()) {
            gapNs = nowNs - frozenNs;
        }
        end(with);
    }

    /** It is over: users go on with the volume that was copied. */
    public void cancel() {
        if (stage != Stage.OVER) {
            settle(source());
        }
    }

    private void end(Volume with) {
        stage = Stage.OVER;
        slowed = false;
        volume.settle(with);
        tell(false);
    }

    private void tell(boolean frozen) {
        FreezeEnded told = waiting;
        waiting = null;
        if (told != null) {
            told.ended(frozen);
        }
    }

    private boolean frozen() {
        return stage == Stage.DRAINING
                || stage == Stage.LAST_ROUND
                || stage == Stage.LAST_FLUSH
                || stage == Stage.FROZEN;
    }

    /** Nothing of it is under way: its memory may be given back. */
    public boolean idle() {
        return !flushing && slots.stream().noneMatch(CopySlot::busy);
    }

    @Override
    public int poll(long now) {
        nowNs = now;
        if (stage == Stage.OVER) {
            return 0;
        }
        long before = copied;
        if (frozen() && stage != Stage.FROZEN && now - frozenNs > freezeLimitNs) {
            // What is under way goes on, as a part of the round.
            thaw();
            tell(false);
        }
        volume.look(now, now - progressNs);
        int work = switch (stage) {
            case BEGINNING -> beginning();
            case COPYING, LAST_ROUND -> copying();
            case DRAINING -> draining();
            case FLUSHING, LAST_FLUSH, FROZEN, OVER -> 0;
        };
        round = rounds;
        copiedBytes = copied;
        slowed = volume.throttling();
        dirtyBytes = dirty.count() << ClusterBits.SHIFT;
        return work + (copied == before ? 0 : 1);
    }

    private int beginning() {
        if (!settled) {
            if (pending.getAsInt() != volume.pending()) {
                return 0;
            }
            settled = true;
            survey.run();
        }
        if (!surveyed || stage == Stage.OVER) {
            return 0;
        }
        stage = Stage.COPYING;
        nextRound();
        return 1;
    }

    private void nextRound() {
        cursor = 0;
        rounds++;
        roundFromNs = nowNs;
        roundBytes = 0;
        progressNs = nowNs;
    }

    private int copying() {
        int begun = 0;
        boolean busy = false;
        for (CopySlot slot : slots) {
            if (!slot.busy() && begun < BEGUN_MAX && cursor >= 0 && stage != Stage.OVER) {
                begun += begin(slot);
            }
            busy |= slot.busy();
        }
        if (cursor < 0 && !busy && begun == 0 && stage != Stage.OVER) {
            roundEnded();
        }
        return begun;
    }

    /** Each cluster once in a round: what is on its way twice may arrive in the wrong order. */
    private int begin(CopySlot slot) {
        long first = dirty.next(cursor);
        if (first < 0) {
            cursor = -1;
            return 0;
        }
        int count = 1;
        while (count < CopySlot.CLUSTERS && dirty.next(first + count) == first + count) {
            count++;
        }
        dirty.clear(first, first + count);
        cursor = first + count;
        slot.begin(first, count);
        return 1;
    }

    private void roundEnded() {
        long takenNs = Math.max(1, nowNs - roundFromNs);
        if (roundBytes >= (long) LAST_CLUSTERS_MIN << ClusterBits.SHIFT) {
            bytesPerSecond = (long) (roundBytes * 1e9 / takenNs);
        }
        long left = dirty.count();
        ready = left <= lastClusters();
        if (stage == Stage.LAST_ROUND) {
            stage = Stage.LAST_FLUSH;
            flush();
        } else if (left > lastClusters()) {
            if (rounds > PATIENCE_ROUNDS && left > roundClusters / 2 && !volume.throttling()) {
                volume.throttle(true);
            }
            roundClusters = left;
            nextRound();
        } else if (waiting != null) {
            stage = Stage.FLUSHING;
            flush();
        } else if (left > 0) {
            // What is changed all the time is no sign that guests are ahead.
            nextRound();
            rounds--;
        } else {
            cursor = 0;
        }
    }

    /** How much may be left when users are frozen. */
    private long lastClusters() {
        long inTime = (long) (bytesPerSecond * (LAST_ROUND_NS / 1e9)) >>> ClusterBits.SHIFT;
        return Math.clamp(inTime, LAST_CLUSTERS_MIN, LAST_CLUSTERS_MAX);
    }

    private void flush() {
        if (flushing) {
            // One that a freeze did not wait for any more: what was written since is not in it.
            flushAgain = true;
            return;
        }
        flushing = true;
        flush.prepare(Io.FLUSH, 0, 0, false);
        flush.data().clear();
        int status = target.submit(flush);
        if (status != IoStatus.PENDING) {
            flushed(status);
        }
    }

    private void flushed(int status) {
        flushing = false;
        progressNs = nowNs;
        boolean again = flushAgain;
        flushAgain = false;
        if (stage == Stage.OVER) {
            return;
        }
        if (status == IoStatus.OK && again) {
            flush();
        } else if (status != IoStatus.OK) {
            fail("the copy cannot be made durable: its drive reports an error");
        } else if (stage == Stage.FLUSHING) {
            flushedBefore();
        } else if (stage == Stage.LAST_FLUSH) {
            stage = Stage.FROZEN;
            tell(true);
        }
    }

    private void flushedBefore() {
        if (dirty.count() > lastClusters() || waiting == null) {
            stage = Stage.COPYING;
            nextRound();
            return;
        }
        stage = Stage.DRAINING;
        frozenNs = nowNs;
        volume.freeze();
    }

    private int draining() {
        if (volume.inFlight() > 0) {
            return 0;
        }
        stage = Stage.LAST_ROUND;
        nextRound();
        return 1 + copying();
    }

    @Override
    public long prepareSleep(long now) {
        return switch (stage) {
            case OVER -> UNLIMITED;
            default -> LOOK_NS;
        };
    }

    /** Gives its memory back; {@link #over} and {@link #idle}. */
    @Override
    public void close() {
        dirty.close();
        held.close();
        arena.close();
    }
}

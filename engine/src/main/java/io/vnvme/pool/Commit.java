package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.Records;
import io.vnvme.reactor.Poller;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes durable what has happened: one commit at a time, for everybody who asked before it began.
 *
 * <p>The order is what keeps data safe. 1. What changed about the maps is captured, at one instant. 2. The data is
 * flushed: all that the captured entries point to was written before. 3. The journal's frames are written, and flushed.
 * Only then are those told who waited, and freed clusters given away. Whoever asks meanwhile waits for the next commit.
 *
 * <p>With nothing captured, one flush does. On a drive that takes long to flush, a commit waits for the company it can
 * expect: those whom the last one served come back at once, and would else miss it.
 */
final class Commit implements LeafStore.ChangeSink {
    /** Told when everything that happened before it asked is durable, or cannot be made so. */
    interface Waiter {
        /** @param status an {@link IoStatus} */
        void committed(int status);
    }

    private enum Step {
        IDLE,
        DATA,
        FRAMES,
        FRAMES_FLUSH
    }

    /** Longest that a commit waits for company, as a part of the last one's duration, and in all. */
    private static final int PATIENCE_PART = 3;

    private static final long UNRELIABLE = -1;

    private static final long PATIENCE_MAX_NS = 500_000;

    private final Pool pool;
    private final Journal journal;
    private final Runnable afterwards;
    private final ArrayDeque<Waiter> next = new ArrayDeque<>();
    private final ArrayDeque<Waiter> current = new ArrayDeque<>();
    private final List<Io> spare = new ArrayList<>();
    private ClusterList freed = new ClusterList();
    private Step step = Step.IDLE;
    private boolean open;
    private boolean wanted;
    private @Nullable Waiter checkpoint;
    private boolean running;
    private int outstanding;
    private int status;
    private int frames;
    private long catalogChanges;
    /** Behind which record of what is kept for another process the commit began. */
    private long kept;

    private long startNs;
    private long startCount;
    private long lastDurationNs;
    private long lastEndNs;
    private int company;

    private long flushCount;
    private long deviceFlushCount;

    Commit(Pool pool, Journal journal, Runnable afterwards) {
        this.pool = pool;
        this.journal = journal;
        this.afterwards = afterwards;
    }

    /** From now on the journal may be written: its epoch is on the drives. */
    void open() {
        open = true;
        // Those who have waited since the start, and what was freed since, come next.
        wanted = true;
        advance(pool.nowNs());
    }

    /** No commit begins until {@link #open}. */
    void pause() {
        open = false;
    }

    /** Waits for a commit that begins from now on. */
    void request(Waiter waiter) {
        if (pool.stopped()) {
            waiter.committed(IoStatus.WRITE_ERROR);
            return;
        }
        flushCount++;
        next.add(waiter);
        advance(pool.nowNs());
    }

    /** The same for a checkpoint, which may use the last part of the journal and is not kept waiting. */
    void requestForCheckpoint(Waiter waiter) {
        if (pool.stopped()) {
            waiter.committed(IoStatus.WRITE_ERROR);
            return;
        }
        checkpoint = waiter;
        advance(pool.nowNs());
    }

    /** A commit is useful though nobody waits for it: changes are many or old. */
    void want() {
        wanted = true;
        advance(pool.nowNs());
    }

    boolean idle() {
        return step == Step.IDLE && next.isEmpty() && checkpoint == null;
    }

    /** Nothing is under way, and what was captured so far would be found again. */
    boolean reliable() {
        return open && idle();
    }

    /** Commits asked for, and flushes that drives were sent for them. */
    long flushCount() {
        return flushCount;
    }

    long deviceFlushCount() {
        return deviceFlushCount;
    }

    /** @return how many commits began */
    int poll(long nowNs) {
        long before = startCount;
        advance(nowNs);
        return (int) (startCount - before);
    }

    /** How long the reactor may sleep: until the commit that waits for company has waited long enough. */
    long sleepLimit(long nowNs) {
        boolean waits = step == Step.IDLE && open && (wanted || !next.isEmpty());
        return waits && !pool.stopped() ? Math.max(0, lastEndNs + patienceNs() - nowNs) : Poller.UNLIMITED;
    }

    private long patienceNs() {
        return Math.min(lastDurationNs / PATIENCE_PART, PATIENCE_MAX_NS);
    }

    /** Begins a commit if one is due. Runs on while drives answer at once. */
    private void advance(long nowNs) {
        if (running) {
            return;
        }
        running = true;
        while (step == Step.IDLE && due(nowNs) && start(nowNs)) {
            proceed();
        }
        running = false;
    }

    private boolean due(long nowNs) {
        if (pool.stopped()) {
            failAll();
            return false;
        }
        if (checkpoint != null) {
            return true;
        }
        if (!open || (next.isEmpty() && !wanted)) {
            return false;
        }
        if (next.size() >= company || company <= 1) {
            return true;
        }
        return nowNs - lastEndNs >= patienceNs();
    }

    /** One by one: {@code addAll} allocates where compiled code does not see through it. */
    private void allNextAreCurrent() {
        for (Waiter waiter = next.poll(); waiter != null; waiter = next.poll()) {
            current.add(waiter);
        }
    }

    private boolean start(long nowNs) {
        if (!capture()) {
            pool.checkpointSoon();
            return false;
        }
        startNs = nowNs;
        startCount++;
        Waiter first = checkpoint;
        if (first != null) {
            checkpoint = null;
            current.add(first);
        }
        if (open) {
            wanted = false;
            allNextAreCurrent();
            freed = pool.space().takePending();
            kept = pool.kept() == null ? 0 : pool.kept().position();
            catalogChanges = pool.catalogChanges();
        } else {
            // Frames of an epoch that no superblock names yet: nobody but the checkpoint may rely on them.
            freed = new ClusterList();
            kept = UNRELIABLE;
            catalogChanges = 0;
        }
        status = IoStatus.OK;
        step = Step.DATA;
        outstanding = 1;
        List<PoolSet> sets = pool.sets().present();
        for (int i = 0; i < sets.size(); i++) {
            if (sets.get(i).takeUnflushed()) {
                flush(sets.get(i));
            }
        }
        return ended(IoStatus.OK);
    }

    /** @return false when the journal has no room */
    private boolean capture() {
        frames = 0;
        Layers layers = pool.layers();
        LeafStore leaves = layers.leaves();
        Notes notes = pool.notes();
        long bytes = (long) leaves.changedEntryCount() * Records.ENTRY_BYTES
                + (long) notes.changedCount() * Records.NOTE_BYTES
                + layers.gone().size() * 8L;
        if (layers.hasChanges()) {
            for (LayerRecord layer : layers.changed()) {
                bytes += Journal.layerBytes(layer);
            }
        }
        if (bytes == 0) {
            return true;
        }
        if (!journal.hasRoom(bytes, checkpoint != null)) {
            return false;
        }
        journal.begin();
        for (LayerRecord layer : layers.changed()) {
            Records.layer(journal.records(Journal.layerBytes(layer)), layer);
        }
        leaves.capture(this);
        notes.capture((kind, key, value) -> Records.note(journal.records(Records.NOTE_BYTES), kind, key, value));
        for (Layer layer : layers.gone()) {
            Records.gone(journal.records(8), layer.id());
        }
        layers.captured();
        frames = journal.seal();
        return true;
    }

    @Override
    public boolean wants(int layer) {
        return pool.layers().byId(layer) != null;
    }

    @Override
    public void changed(int layer, long clusterIndex, long entry) {
        Records.entry(journal.records(Records.ENTRY_BYTES), layer, clusterIndex, entry);
    }

    private void flush(PoolSet set) {
        deviceFlushCount++;
        Io io = take();
        io.prepare(Io.FLUSH, 0, 0, false);
        submit(set, io);
    }

    private void submit(PoolSet set, Io io) {
        outstanding++;
        int answer = set.drive().submit(io);
        if (answer != IoStatus.PENDING) {
            spare.add(io);
            ended(answer);
        }
    }

    private Io take() {
        Io io = spare.isEmpty() ? new Io(this::completed) : spare.removeLast();
        io.data().clear();
        return io;
    }

    private void completed(Io io, int ended) {
        spare.add(io);
        if (ended(ended)) {
            // Nothing new begins while those are told who waited: they would be taken for waiters of the new one.
            running = true;
            proceed();
            running = false;
            advance(pool.nowNs());
        }
    }

    /** One piece of the step's work has ended. @return true when it was the last */
    private boolean ended(int piece) {
        if (piece != IoStatus.OK && status == IoStatus.OK) {
            status = piece;
        }
        return --outstanding == 0;
    }

    /** The step's work has ended: goes on until there is something to wait for. */
    private void proceed() {
        boolean ended = true;
        while (ended && step != Step.IDLE) {
            if (status != IoStatus.OK) {
                pool.stop("a drive reported an error when the journal was to be made durable");
                failAll();
                return;
            }
            ended = switch (step) {
                case DATA -> frames > 0 ? writeFrames() : finish();
                case FRAMES -> flushFrames();
                case FRAMES_FLUSH, IDLE -> finish();
            };
        }
    }

    private boolean writeFrames() {
        step = Step.FRAMES;
        outstanding = 1;
        PoolSet set = pool.journalSet();
        boolean one = journal.runEnd(0) == frames;
        for (int from = 0; from < frames; ) {
            int to = journal.runEnd(from);
            long bytes = journal.runBytes(from, to);
            Io io = take();
            io.prepare(
                    Io.WRITE, journal.setOffset(from), bytes, one && set.drive().volatileWriteCache());
            io.data().add(journal.buffer().memory(), journal.bufferOffset(from), bytes);
            submit(set, io);
            from = to;
        }
        if (one) {
            deviceFlushCount += set.drive().volatileWriteCache() ? 1 : 0;
            frames = 0;
        }
        return ended(IoStatus.OK);
    }

    /** Frames in one piece were written with Force Unit Access; others are flushed together. */
    private boolean flushFrames() {
        step = Step.FRAMES_FLUSH;
        outstanding = 1;
        if (frames > 0 && pool.journalSet().drive().volatileWriteCache()) {
            flush(pool.journalSet());
        }
        return ended(IoStatus.OK);
    }

    private boolean finish() {
        step = Step.IDLE;
        long nowNs = pool.nowNs();
        lastEndNs = nowNs;
        lastDurationNs = nowNs - startNs;
        company = current.size() + next.size();
        ClusterList release = freed;
        pool.catalogDurable(catalogChanges);
        KeptChanges changes = pool.kept();
        if (changes != null && kept != UNRELIABLE) {
            changes.durable(kept);
        }
        if (release.size() > 0) {
            pool.drain().afterPresent(() -> {
                pool.space().release(release);
                pool.spaceFreed();
            });
        }
        for (Waiter waiter = current.poll(); waiter != null; waiter = current.poll()) {
            waiter.committed(IoStatus.OK);
        }
        afterwards.run();
        return false;
    }

    private void failAll() {
        step = Step.IDLE;
        Waiter first = checkpoint;
        if (first != null) {
            checkpoint = null;
            current.add(first);
        }
        allNextAreCurrent();
        for (Waiter waiter = current.poll(); waiter != null; waiter = current.poll()) {
            waiter.committed(IoStatus.WRITE_ERROR);
        }
    }
}

package io.vnvme.pool;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Poller;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A pool in use. It belongs to one reactor: everything here is called on its thread.
 *
 * <p>What people do to volumes is in {@link PoolOperations}; what I/O needs is here.
 */
public final class Pool implements Poller, AutoCloseable {
    /** Oldest that a change to the maps gets before it is committed though nobody asks. */
    private static final long COMMIT_INTERVAL_NS = 1_000_000_000L;

    private static final long HOLD_DEFAULT_MS = 30L * 60 * 1000;
    /** Note with key 0: how long writes are held, in milliseconds and one more, so that none at all is a value. */
    private static final int NOTE_HOLD = 0x484c;
    /** While the pool does something by itself there is a look this often, though a drive's interrupt should come first. */
    private static final long BACKGROUND_LOOK_NS = 500_000;

    private static final int[] FILL_MARKS = {70, 85, 95};

    private final Clock clock;
    private final PoolListener listener;
    private final PoolSets sets = new PoolSets();
    private final ClusterSpace space;
    private final MetadataPages pages;
    private final Layers layers;
    private final Notes notes;
    private final IoDrain drain = new IoDrain();
    private final PoolChecksums checksums = new PoolChecksums(this);
    private final ArrayDeque<Runnable> later = new ArrayDeque<>();
    private final Journal journal;
    private final Commit commit;
    private final Checkpoint checkpoint;
    private final Housekeeping housekeeping;
    private final PoolOperations operations;
    private final PoolGrowth growth;
    private final ArrayDeque<Walk> walks = new ArrayDeque<>();
    private final HeldWrites held = new HeldWrites(true);
    private final HeldWrites waitingForJournal = new HeldWrites(false);
    private final Map<String, PoolVolume> volumes = new HashMap<>();
    private final ArrayDeque<Flight> flights = new ArrayDeque<>();
    private final ArrayDeque<SplitIo> splits = new ArrayDeque<>();
    private final ArrayDeque<Discard> discards = new ArrayDeque<>();
    private final ArrayDeque<FlushWait> flushWaits = new ArrayDeque<>();
    private ArrayDeque<Discard> resumed = new ArrayDeque<>();

    private PoolConfig config;
    private List<PoolMember> members;
    private long generation;
    private int journalSet;
    private int nextJournalSet;
    private @Nullable String stopReason;
    private boolean stopped;
    private boolean closing;
    private long catalogChanges;
    private long catalogDurable;
    private long oldestChangeNs = Long.MAX_VALUE;
    private boolean checkpointAsked;
    private @Nullable Scrub scrub;
    private int heldTold;
    private int fillTold;
    private long freeTold = -1;
    private final int changesMax;

    /**
     * Takes over what was loaded. The pool can be used at once; it is on the drives that it is in use when
     * {@code opened} is told.
     *
     * @param drives the sets of the pool by index; null for one that was taken out
     * @param poolMembers every drive by itself
     */
    public Pool(
            PoolImage image,
            List<@Nullable Drive> drives,
            List<PoolMember> poolMembers,
            Clock clock,
            PoolListener listener,
            Done opened) {
        this.clock = clock;
        this.listener = listener;
        config = image.config();
        members = List.copyOf(poolMembers);
        generation = image.generation();
        journalSet = image.root().journalSet();
        nextJournalSet = journalSet;
        space = image.space();
        pages = image.pages();
        layers = image.layers();
        notes = image.notes();
        for (int i = 0; i < drives.size(); i++) {
            Drive drive = drives.get(i);
            if (drive != null) {
                take(i, drive, config.sets().get(i));
            }
        }
        journal = new Journal(
                config.pool(),
                config.journalBytes(),
                image.newestEpoch() + 1,
                image.root().journalStart(),
                image.journalEnd(),
                image.journalSequence());
        changesMax = journal.changesMax();
        commit = new Commit(this, journal, this::committed);
        checkpoint = new Checkpoint(this, image.root(), image.newestAtStart());
        housekeeping = new Housekeeping(this);
        operations = new PoolOperations(this);
        growth = new PoolGrowth(this);
        for (Layer layer : layers.all()) {
            if (layer.record().kind() == LayerRecord.Kind.VOLUME) {
                volumes.put(layer.record().name(), new PoolVolume(this, layer));
            }
        }
        checksums.found();
        checkpoint.request(false, opened);
    }

    // What people see.

    public String name() {
        return config.name();
    }

    public PoolConfig config() {
        return config;
    }

    /** What can be done to volumes and snapshots. */
    public PoolOperations operations() {
        return operations;
    }

    /** Takes a set of drives into the pool: see {@link PoolGrowth#grow}. */
    public void grow(Drive drive, List<PoolMember> newMembers, Done done) {
        growth.grow(drive, newMembers, done);
    }

    /** Empties a set and takes its drives out of the pool; goes on after a restart with a set that is draining. */
    public void shrink(int set, ShrinkProgress progress, Done done) {
        growth.shrink(set, progress::moved, done);
    }

    /** Reads everything that the pool refers to; one at a time. */
    public Scrub scrub(Scrub.Progress progress, Scrub.Ended done) {
        return scrub(Optional.empty(), progress, done);
    }

    /** @param from where an earlier one was, maybe in an earlier life of the pool */
    public Scrub scrub(Optional<Scrub.Mark> from, Scrub.Progress progress, Scrub.Ended done) {
        Scrub current = scrub;
        if (current != null && !current.ended()) {
            throw new PoolException(PoolException.Reason.IN_USE, "pool %s is being scrubbed already".formatted(name()));
        }
        Scrub begun = new Scrub(this, from, progress, done);
        scrub = begun;
        return begun;
    }

    /** Ends a {@link #shrink}: the set stays, with what was not moved yet. */
    public void cancelShrink() {
        growth.cancel();
    }

    /** Told of a set being emptied. */
    @FunctionalInterface
    public interface ShrinkProgress {
        void moved(long clusters, long totalClusters);
    }

    /** Why the pool stopped itself; empty while it serves. */
    public Optional<String> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    public PoolSpace spaceNow() {
        long corpses = housekeeping.corpseClusters();
        // A set that is being emptied has nothing free, and what is still on it is in use.
        long taken = space.usedCount();
        return new PoolSpace(
                taken + space.freeCount(),
                taken - space.pendingCount() - corpses,
                space.pendingCount() + corpses,
                pages.clusterCount(),
                space.reservedCount(),
                available(0),
                layers.leaves().usedBytes(),
                held.size());
    }

    /** How long writes wait for space before they fail, in milliseconds; {@link Long#MAX_VALUE}: until there is space. */
    public long holdMillis() {
        long note = notes.get(NOTE_HOLD, 0);
        return note == 0 ? HOLD_DEFAULT_MS : note == Long.MAX_VALUE ? note : Math.max(0, note - 1);
    }

    void holdMillis(long milliseconds) {
        notes.put(NOTE_HOLD, 0, milliseconds == Long.MAX_VALUE ? milliseconds : milliseconds + 1);
        changed();
    }

    /** Commits asked for, and flushes sent to drives for them. */
    public long flushCount() {
        return commit.flushCount();
    }

    public long deviceFlushCount() {
        return commit.deviceFlushCount();
    }

    /** Nothing is left to do in the background. */
    public boolean idle() {
        return commit.idle()
                && checkpoint.idle()
                && housekeeping.idle()
                && !growth.busy()
                && walks.isEmpty()
                && drain.inFlight() == 0;
    }

    /** Ends: all is committed, a checkpoint is made, and the drives say that the pool was closed. */
    public void close(Done done) {
        closing = true;
        volumes.values().forEach(this::closeVolume);
        if (stopped) {
            done.done(new PoolException(
                    PoolException.Reason.STOPPED, "pool %s has stopped: %s".formatted(name(), stopReason)));
            return;
        }
        closeWhenClean(done);
    }

    private void closeWhenClean(Done done) {
        // Copies under way change maps when they end.
        if (checksums.clean() && drain.inFlight() == 0 && operations.idle() && commit.idle()) {
            checkpoint.request(true, done);
        } else {
            later(() -> closeWhenClean(done));
        }
    }

    void closeVolume(PoolVolume volume) {
        volume.close();
        held.drop(volume, clock.nowNs());
        waitingForJournal.drop(volume, clock.nowNs());
    }

    /** Gives the memory back. After {@link #close(Done)} was told, or when the pool is given up. */
    @Override
    public void close() {
        stopped = true;
        volumes.values().forEach(PoolVolume::forgetKey);
        layers.leaves().close();
    }

    // What the pool's parts see of each other.

    long nowNs() {
        return clock.nowNs();
    }

    PoolSets sets() {
        return sets;
    }

    ClusterSpace space() {
        return space;
    }

    MetadataPages pages() {
        return pages;
    }

    Layers layers() {
        return layers;
    }

    Notes notes() {
        return notes;
    }

    IoDrain drain() {
        return drain;
    }

    PoolChecksums checksums() {
        return checksums;
    }

    /** Runs in the next pass, not inside what is under way. */
    void later(Runnable action) {
        later.add(action);
    }

    private int runLater() {
        int count = later.size();
        for (int i = 0; i < count; i++) {
            later.remove().run();
        }
        return count;
    }

    Journal journal() {
        return journal;
    }

    Commit commit() {
        return commit;
    }

    Checkpoint checkpoint() {
        return checkpoint;
    }

    Housekeeping housekeeping() {
        return housekeeping;
    }

    Map<String, PoolVolume> volumes() {
        return volumes;
    }

    PoolSet journalSet() {
        return sets.get(journalSet);
    }

    /** The next checkpoint takes the journal to another set. */
    void moveJournal(int index) {
        nextJournalSet = index;
    }

    /** The set that the journal is to be on. */
    PoolSet nextJournalSet() {
        return sets.get(nextJournalSet);
    }

    /** The superblocks say that the journal is there now; where it is to be may have changed since they were begun. */
    void journalMoved(int index) {
        journalSet = index;
    }

    PoolGrowth growth() {
        return growth;
    }

    void walk(Walk walk) {
        walks.add(walk);
    }

    void setRecord(int index, SetRecord record) {
        List<SetRecord> records = new ArrayList<>(config.sets());
        records.set(index, record);
        config = config.with(records, config.members());
        sets.get(index).record(record);
    }

    /** An empty set is in the pool no more; the next checkpoint says so. */
    void dropSet(int index) {
        List<SetRecord> records = new ArrayList<>(config.sets());
        records.set(index, Relocation.nothing());
        config = config.with(
                records,
                config.members().stream()
                        .filter(member -> member.set() != index)
                        .toList());
        members = members.stream()
                .filter(member -> member.record().set() != index)
                .toList();
        checksums.drop(index);
        sets.remove(index);
        space.remove(index);
    }

    List<PoolMember> members() {
        return members;
    }

    void members(List<PoolMember> changed, PoolConfig changedConfig) {
        members = List.copyOf(changed);
        config = changedConfig;
    }

    long generation() {
        return generation;
    }

    void nextGeneration() {
        generation++;
    }

    /** A set is the pool's from now on. */
    void take(int index, Drive drive, SetRecord record) {
        sets.add(new PoolSet(index, drive, record));
        if (drive instanceof MirrorSet mirror) {
            mirror.admission(slot -> admits(index, slot));
            mirror.judge(new PoolJudge(this, index));
        }
    }

    /** Whether a drive that has all data of its mirror again has the superblock, too; when not, it gets it. */
    private boolean admits(int set, int slot) {
        UUID drive = config.membersOf(set).get(slot).drive();
        if (checkpoint.reached(drive)) {
            return true;
        }
        if (!stopped
                && !closing
                && members.stream().anyMatch(member -> member.record().drive().equals(drive))) {
            checkpointSoon();
        }
        return false;
    }

    /** A drive failed at a superblock: whether the pool can do without it. Its mirror does from now on. */
    boolean memberFailed(PoolMember member) {
        MemberRecord record = member.record();
        if (!members.contains(member)) {
            // A drive whose place another took matters no more; a set that joins is not in the pool yet.
            return !config.membersOf(record.set()).isEmpty();
        }
        if (!(sets.get(record.set()).drive() instanceof MirrorSet mirror)) {
            return false;
        }
        return mirror.letGo(record.replica());
    }

    // Requests.

    int flush(Io io) {
        FlushWait spare = flushWaits.poll();
        FlushWait wait = spare == null ? new FlushWait(this) : spare;
        return wait.run(io);
    }

    Flight flight() {
        Flight spare = flights.poll();
        return spare == null ? new Flight(this) : spare;
    }

    SplitIo split() {
        SplitIo spare = splits.poll();
        return spare == null ? new SplitIo(this) : spare;
    }

    Discard discard() {
        Discard spare = discards.poll();
        return spare == null ? new Discard(this) : spare;
    }

    void recycle(Flight flight) {
        flights.push(flight);
    }

    void recycle(SplitIo split) {
        splits.push(split);
    }

    void recycle(Discard discard) {
        discards.push(discard);
    }

    void recycle(FlushWait wait) {
        flushWaits.push(wait);
    }

    void resumeLater(Discard discard) {
        resumed.add(discard);
    }

    /** Too much has changed since the last commit: what changes more has to wait for it. */
    boolean crowded() {
        KeptChanges kept = layers.kept();
        return layers.leaves().changedEntryCount() + notes.changedCount() >= changesMax
                || kept != null && kept.crowded();
    }

    /** What is kept for another process, if anything is. */
    @Nullable
    KeptChanges kept() {
        return layers.kept();
    }

    /** The drives know all that the maps say. */
    boolean mapsDurable() {
        return commit.reliable() && layers.leaves().changedEntryCount() == 0 && !layers.hasChanges();
    }

    /** Something about the maps has changed. */
    void changed() {
        if (oldestChangeNs == Long.MAX_VALUE) {
            oldestChangeNs = clock.nowNs();
        }
    }

    /** A cluster for data, -1 when there is none; {@code kept} of those that are set aside are for who asks. */
    long allocate(long kept) {
        return available(kept) > 0 ? space.allocate() : -1;
    }

    /** Clusters that data may take: not those that metadata needs, nor those set aside for others. */
    long available(long kept) {
        return space.freeCount() - metadataReserve() - (space.reservedCount() - kept);
    }

    /** What a checkpoint may need now: each changed page and its directory page anew, and the catalog. */
    private long metadataReserve() {
        return 8L + layers.leaves().changedPageCount() / 8 + (catalogBytes() >>> Geometry.CLUSTER_SHIFT);
    }

    /** What the next catalog takes at most: the last one, and what may have come since. */
    long catalogBytes() {
        return checkpoint.catalogBytes()
                + (catalogChanges - checkpoint.catalogChanges()) * LayerRecord.BYTES_MAX
                + notes.changedCount() * 20L
                + layers.leaves().changedPageCount() * 16L;
    }

    /** The write waits: for the journal, or for space. */
    int hold(PoolVolume volume, Io io) {
        if (crowded()) {
            waitingForJournal.add(volume, io, clock.nowNs());
        } else {
            held.add(volume, io, clock.nowNs());
        }
        commit.want();
        return IoStatus.PENDING;
    }

    /** There may be space again. */
    void spaceFreed() {
        growth.spaceFreed();
        if (held.size() > 0) {
            held.retry(clock.nowNs());
        }
    }

    // Catalog changes: housekeeping relies on those that are durable alone.

    void catalogChanged() {
        catalogChanges++;
        housekeeping.look();
    }

    long catalogChanges() {
        return catalogChanges;
    }

    void catalogDurable(long upTo) {
        catalogDurable = upTo;
    }

    /** Everything about layers is on the drives as it is here. */
    boolean catalogSettled() {
        return catalogDurable == catalogChanges;
    }

    private void committed() {
        oldestChangeNs = layers.leaves().changedEntryCount() > 0 ? clock.nowNs() : Long.MAX_VALUE;
        if (waitingForJournal.size() > 0) {
            waitingForJournal.retry(clock.nowNs());
        }
        if (journal.halfFull()) {
            checkpointSoon();
        }
    }

    void checkpointSoon() {
        if (!checkpointAsked && checkpoint.idle()) {
            checkpointAsked = true;
            checkpoint.request(false, _ -> checkpointAsked = false);
        }
    }

    /** A doubt: nothing is written any more, so that nothing gets worse. */
    void stop(String why) {
        if (!stopped) {
            stopped = true;
            stopReason = why;
            held.failAll(clock.nowNs(), IoStatus.WRITE_ERROR);
            waitingForJournal.failAll(clock.nowNs(), IoStatus.WRITE_ERROR);
            listener.stopped(why);
        }
    }

    void tidying(boolean busy) {
        listener.tidying(busy);
    }

    boolean stopped() {
        return stopped;
    }

    boolean closing() {
        return closing;
    }

    @Override
    public int poll(long nowNs) {
        int work = 0;
        List<PoolSet> present = sets.present();
        for (int i = 0; i < present.size(); i++) {
            work += present.get(i).drive().poll(nowNs);
        }
        work += drain.poll();
        work += checksums.poll(nowNs);
        work += runLater();
        if (!resumed.isEmpty()) {
            work += resumeDiscards();
        }
        if (nowNs - oldestChangeNs >= COMMIT_INTERVAL_NS && oldestChangeNs != Long.MAX_VALUE) {
            oldestChangeNs = Long.MAX_VALUE;
            commit.want();
        }
        work += commit.poll(nowNs);
        work += checkpoint.poll();
        work += housekeeping.poll();
        work += growth.poll();
        Scrub scrubbing = scrub;
        if (scrubbing != null) {
            work += scrubbing.poll();
            scrub = scrubbing.ended() ? null : scrubbing;
        }
        if (!walks.isEmpty()) {
            work++;
            if (!walks.getFirst().step()) {
                walks.removeFirst();
            }
        }
        if (held.size() > 0 || heldTold > 0) {
            watchHeld(nowNs);
        }
        if (space.freeCount() != freeTold) {
            freeTold = space.freeCount();
            watchFill();
        }
        return work;
    }

    @Override
    public long prepareSleep(long nowNs) {
        if (!later.isEmpty() || !resumed.isEmpty() || !walks.isEmpty() || drain.due()) {
            return 0;
        }
        long limitNs = Math.min(commit.sleepLimit(nowNs), checksums.sleepLimit(nowNs));
        if (oldestChangeNs != Long.MAX_VALUE) {
            limitNs = Math.min(limitNs, Math.max(0, oldestChangeNs + COMMIT_INTERVAL_NS - nowNs));
        }
        if (inBackground()) {
            limitNs = Math.min(limitNs, BACKGROUND_LOOK_NS);
        }
        limitNs = Math.min(limitNs, held.sleepLimit(nowNs, holdNs()));
        List<PoolSet> present = sets.present();
        for (int i = 0; i < present.size(); i++) {
            limitNs = Math.min(limitNs, present.get(i).drive().prepareSleep(nowNs));
        }
        return Math.min(limitNs, growth.prepareSleep(nowNs));
    }

    /** What goes on by itself is under way; a step of it that drives work on wakes the reactor when it ends. */
    private boolean inBackground() {
        return !stopped && (!checkpoint.idle() || !housekeeping.idle() || growth.busy() || scrub != null);
    }

    private int resumeDiscards() {
        if (crowded()) {
            commit.want();
        }
        ArrayDeque<Discard> again = resumed;
        resumed = new ArrayDeque<>();
        int count = again.size();
        again.forEach(Discard::resume);
        return count;
    }

    private long holdNs() {
        long holdMs = holdMillis();
        return holdMs > Long.MAX_VALUE / 1_000_000 ? Long.MAX_VALUE : holdMs * 1_000_000;
    }

    private void watchHeld(long nowNs) {
        held.expire(nowNs, holdNs(), IoStatus.NO_SPACE);
        if ((held.size() > 0) != (heldTold > 0)) {
            heldTold = held.size();
            listener.held(heldTold);
        }
    }

    private void watchFill() {
        long total = space.totalCount();
        if (total == 0) {
            return;
        }
        long percent = (total - space.freeCount()) * 100 / total;
        while (fillTold < FILL_MARKS.length && percent >= FILL_MARKS[fillTold]) {
            listener.filled(FILL_MARKS[fillTold++], true);
        }
        // Two percent below the mark before it is told again, so that nobody is told at every write.
        while (fillTold > 0 && percent < FILL_MARKS[fillTold - 1] - 2) {
            listener.filled(FILL_MARKS[--fillTold], false);
        }
    }
}

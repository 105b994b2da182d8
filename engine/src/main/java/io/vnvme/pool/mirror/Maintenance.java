package io.vnvme.pool.mirror;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Poller;
import java.util.ArrayDeque;
import java.util.BitSet;

/**
 * What makes replicas equal, one range after the other: what could not be read, where writes were in flight at a crash, and
 * what a returned or new replica lacks. A range that cannot be read as a whole is gone through again block by block.
 *
 * <p>A rebuild keeps no position of its own: what a replica lacks are its stale regions on the drives. They are taken back
 * when the replica has them and was flushed, so it goes on where it was after any stop.
 */
public final class Maintenance implements RangeCopy.Owner {
    /** So much is copied before its regions are taken back. */
    private static final long CHECKPOINT_BYTES = 256L << 20;

    /** While something is under way there is a look this often, though nobody should need it. */
    private static final long LOOK_NS = 500_000;

    private record Repair(long offsetBytes, long lengthBytes, int slots) {}

    private enum Job {
        NONE,
        REPAIR,
        RESYNC,
        REBUILD
    }

    private final MirrorSet set;
    private final Members members;
    private final Replica[] replicas;
    private final RegionMarks marks;
    private final MirrorListener listener;
    private final AllocatedRanges allocated;
    private final RangeCopy copy;
    private final Throttle throttle = new Throttle();
    private final ArrayDeque<Repair> repairs = new ArrayDeque<>();
    private final Io flush = new Io((_, status) -> flushed(status));
    private final Io resyncFlush = new Io((_, status) -> resynced(status));
    private Job job = Job.NONE;
    private long stepStart;
    private long stepEnd;
    /** A range that could not be read as a whole. */
    private long piecewiseStart;

    private long piecewiseEnd;
    private int resyncRegion = -1;
    private long resyncPosition;
    /** No replica can read some block of the region that is made equal. */
    private boolean resyncUnread;
    /** Regions in doubt that had such a block: they stay in doubt until the next start. */
    private final BitSet abandoned = new BitSet();

    private int repairSlots;
    private int rebuildSlot = -1;
    private long rebuildPosition;
    private long copiedBytes;
    private boolean flushing;
    /** The replica that is filled has everything, and waits to be admitted. */
    private boolean filled;

    private int flushSlot;
    private BlockJudge judge = BlockJudge.NONE;
    private MirrorSet.Admission admission = _ -> true;

    Maintenance(MirrorSet set, Members members, RegionMarks marks, MirrorListener listener, AllocatedRanges allocated) {
        this.set = set;
        this.members = members;
        this.replicas = members.replicas();
        this.marks = marks;
        this.listener = listener;
        this.allocated = allocated;
        copy = new RangeCopy(replicas, this);
    }

    /** Limits of background copying in bytes per second: while the mirror is in use, and while it is not. */
    public void rates(long busyBytesPerSecond, long quietBytesPerSecond) {
        throttle.rates(busyBytesPerSecond, quietBytesPerSecond);
    }

    void admission(MirrorSet.Admission next) {
        admission = next;
    }

    void judge(BlockJudge next) {
        judge = next;
    }

    /** Bytes that a replica may still lack; for one that is not current. */
    public long lackingBytes(int slot) {
        Replica replica = replicas[slot];
        if (replica.state == ReplicaState.CURRENT) {
            return 0;
        }
        Plane lacking = marks.lacking(replica);
        long bytes = 0;
        for (int region = lacking.next(0); region >= 0; region = lacking.next(region + 1)) {
            bytes += slot == rebuildSlot && lacking.start(region + 1) <= rebuildPosition ? 0 : lacking.regionBytes();
        }
        return bytes;
    }

    /** The replica is made equal to another one, chosen by who knows which is right, in this range. */
    void repair(long offsetBytes, long lengthBytes, int slots) {
        repairs.add(new Repair(offsetBytes, lengthBytes, slots));
    }

    /**
     * How long the reactor may sleep, in nanoseconds. A step that could begin would have: what keeps it from that, like the
     * copy under way, is work of drives, which wakes us.
     */
    long sleepLimit(long nowNs) {
        if (!busy()) {
            return Poller.UNLIMITED;
        }
        long remainingNs = throttle.remainingNs(nowNs);
        return remainingNs > 0 ? remainingNs : LOOK_NS;
    }

    /** Something is under way, or is to be done next. */
    boolean busy() {
        boolean rebuilds = false;
        for (Replica replica : replicas) {
            rebuilds |= replica.state == ReplicaState.REBUILDING;
        }
        return copy.busy() || flushing || !repairs.isEmpty() || resyncs() || rebuilds;
    }

    /** What was to be repaired is not, yet. */
    public boolean repairing() {
        return !repairs.isEmpty() || copy.busy() && job == Job.REPAIR;
    }

    boolean holds(long offsetBytes, long lengthBytes) {
        return copy.holds(offsetBytes, lengthBytes);
    }

    void writeEnded() {
        copy.advance();
    }

    void wakeWaiting() {
        set.retryWaiting();
    }

    void membersChanged() {
        if (rebuildSlot >= 0 && replicas[rebuildSlot].state != ReplicaState.REBUILDING) {
            rebuildSlot = -1;
            filled = false;
        }
    }

    int poll(long nowNs) {
        copy.advance();
        if (copy.busy() || flushing || set.logStopped() || !throttle.open(nowNs, set.guestBytes())) {
            return 0;
        }
        boolean began = repairNext() || resyncNext() || rebuildNext();
        if (began) {
            throttle.took(nowNs, stepEnd - stepStart);
        }
        return began ? 1 : 0;
    }

    private boolean repairNext() {
        Repair next = repairs.poll();
        if (next == null) {
            return false;
        }
        job = Job.REPAIR;
        repairSlots = next.slots();
        step(next.offsetBytes(), next.offsetBytes() + next.lengthBytes());
        long rest = next.offsetBytes() + next.lengthBytes() - stepEnd;
        if (rest > 0) {
            repairs.addFirst(new Repair(stepEnd, rest, next.slots()));
        }
        copy.copy(stepStart, stepEnd - stepStart, next.slots());
        return true;
    }

    private void step(long start, long end) {
        stepStart = start;
        boolean piecewise = start >= piecewiseStart && start < piecewiseEnd;
        stepEnd = Math.min(end, start + (piecewise ? AreaGeometry.BLOCK_BYTES : RangeCopy.STEP_BYTES));
    }

    /**
     * Sets the next step: the first content at {@code from} or after it and before {@code end}.
     *
     * @return false when there is none
     */
    private boolean stepWithContent(long from, long end) {
        long limit = Math.min(end, AreaGeometry.dataEnd(set.sizeBytes()));
        long start = Math.max(from, AreaGeometry.DATA_OFFSET);
        long next = start < limit ? allocated.next(start) : limit;
        if (next >= limit) {
            return false;
        }
        step(next, Math.min(limit, allocated.end(next)));
        return true;
    }

    // ---- after an unclean stop

    private boolean resyncs() {
        return resyncRegion >= 0 || marks.unsyncedCount() > abandoned.cardinality();
    }

    private boolean resyncNext() {
        Plane intent = marks.intent();
        while (resyncs()) {
            if (resyncRegion < 0) {
                resyncRegion = nextDoubt();
                resyncPosition = intent.start(resyncRegion);
                resyncUnread = false;
            }
            // One replica alone agrees with itself.
            boolean several = members.currentCount() > 1;
            if (several && stepWithContent(resyncPosition, intent.start(resyncRegion + 1))) {
                resyncStep();
                return true;
            }
            if (several) {
                flushResynced();
                return true;
            }
            resynced(IoStatus.OK);
        }
        return false;
    }

    private int nextDoubt() {
        int region = marks.nextUnsynced(0);
        while (abandoned.get(region)) {
            region = marks.nextUnsynced(region + 1);
        }
        return region;
    }

    private void resyncStep() {
        if (judge.ready(stepStart, stepEnd - stepStart)) {
            job = Job.RESYNC;
            resyncPosition = stepEnd;
            copy.resync(stepStart, stepEnd - stepStart, judge);
        } else {
            // Nothing is held and nothing else is begun until it is.
            stepEnd = stepStart;
        }
    }

    /**
     * Replicas are equal when no power cut makes them differ again: who has read what only the first one had may rely on it
     * when that one is lost, too.
     */
    private void flushResynced() {
        flushing = true;
        resyncFlush.prepare(Io.FLUSH, 0, 0, false);
        int status = set.submit(resyncFlush);
        if (status != IoStatus.PENDING) {
            resynced(status);
        }
    }

    private void resynced(int status) {
        flushing = false;
        if (status != IoStatus.OK) {
            return;
        }
        if (resyncUnread && members.currentCount() > 1) {
            // What one of them shows when it can be read again is nothing that the others have: reads keep to their
            // order.
            abandoned.set(resyncRegion);
        } else {
            marks.synced(resyncRegion);
        }
        resyncRegion = -1;
        if (!resyncs()) {
            judge.over();
        }
    }

    // ---- a replica that lacks something

    private boolean rebuildNext() {
        if (filled) {
            return admit();
        }
        if (rebuildSlot < 0 && !chooseRebuild()) {
            return false;
        }
        Replica target = replicas[rebuildSlot];
        Plane lacking = marks.lacking(target);
        int region = lacking.next(lacking.region(rebuildPosition));
        while (region >= 0 && copiedBytes < CHECKPOINT_BYTES) {
            long from = Math.max(rebuildPosition, lacking.start(region));
            if (stepWithContent(from, lacking.start(region + 1))) {
                job = Job.REBUILD;
                copiedBytes += stepEnd - stepStart;
                rebuildPosition = stepStart;
                copy.copy(stepStart, stepEnd - stepStart, 1 << rebuildSlot);
                return true;
            }
            region = lacking.next(region + 1);
            rebuildPosition = region < 0 ? set.sizeBytes() : lacking.start(region);
        }
        if (region < 0) {
            rebuildPosition = lacking.start(lacking.regionCount());
        }
        checkpoint(target);
        return true;
    }

    private boolean chooseRebuild() {
        for (Replica replica : replicas) {
            if (replica.state == ReplicaState.REBUILDING) {
                rebuildSlot = replica.slot;
                rebuildPosition = 0;
                copiedBytes = 0;
                return true;
            }
        }
        return false;
    }

    private void checkpoint(Replica target) {
        flushing = true;
        flush.prepare(Io.FLUSH, 0, 0, false);
        int status = target.drive().volatileWriteCache() ? target.submit(flush) : IoStatus.OK;
        if (status != IoStatus.PENDING) {
            checkpointed(status);
        } else {
            flushSlot = target.slot;
        }
    }

    private void flushed(int status) {
        replicas[flushSlot].ended();
        checkpointed(status);
    }

    private void checkpointed(int status) {
        flushing = false;
        if (rebuildSlot < 0) {
            return;
        }
        Replica target = replicas[rebuildSlot];
        if (status != IoStatus.OK) {
            members.drop(rebuildSlot, status);
            return;
        }
        Plane lacking = marks.lacking(target);
        boolean more = false;
        for (int region = lacking.next(0); region >= 0; region = lacking.next(region + 1)) {
            if (lacking.start(region + 1) <= rebuildPosition) {
                lacking.clear(region);
            } else {
                more = true;
                break;
            }
        }
        copiedBytes = 0;
        if (!more) {
            filled = true;
            admit();
        }
    }

    private boolean admit() {
        if (!admission.admits(rebuildSlot)) {
            return false;
        }
        Replica target = replicas[rebuildSlot];
        rebuildSlot = -1;
        filled = false;
        members.becomesCurrent(target);
        return true;
    }

    // ---- what a copy tells

    @Override
    public boolean writesOverlap(long offsetBytes, long endBytes) {
        return set.writesOverlap(offsetBytes, endBytes);
    }

    @Override
    public void targetFailed(int slot, int status) {
        members.drop(slot, status);
    }

    @Override
    public void copied(boolean readable) {
        set.retryWaiting();
        if (readable) {
            if (job == Job.REBUILD) {
                rebuildPosition = stepEnd;
            }
            return;
        }
        if (stepEnd - stepStart > AreaGeometry.BLOCK_BYTES) {
            piecewiseStart = stepStart;
            piecewiseEnd = stepEnd;
            again();
        } else {
            unread();
        }
    }

    /** The step is to be made once more. A rebuild is where it was. */
    private void again() {
        switch (job) {
            case REPAIR -> repairs.addFirst(new Repair(stepStart, stepEnd - stepStart, repairSlots));
            case RESYNC -> resyncPosition = stepStart;
            case REBUILD, NONE -> {}
        }
    }

    /** No replica can read the block. */
    private void unread() {
        switch (job) {
            case REBUILD -> {
                switch (judge.need(stepStart)) {
                    case UNNEEDED -> rebuildPosition = stepEnd;
                    case NEEDED -> rebuildFailed();
                    case NOT_KNOWN_YET -> {
                        // The next step is this one.
                    }
                }
            }
            case RESYNC -> resyncUnread = true;
            case REPAIR, NONE -> {
                // It stays an error for whoever reads it.
            }
        }
    }

    private void rebuildFailed() {
        int slot = rebuildSlot;
        if (slot >= 0) {
            listener.rebuildFailed(slot, stepStart, stepEnd - stepStart);
            members.drop(slot, IoStatus.READ_ERROR);
        }
    }

    @Override
    public void written(int slot, long offsetBytes, long lengthBytes) {
        if (job == Job.REPAIR) {
            listener.repaired(slot, offsetBytes, lengthBytes);
        }
    }
}

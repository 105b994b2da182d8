package io.vnvme.pool.mirror;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Two to four drives with the same bytes, as one drive.
 *
 * <p>A write goes to every replica that takes part and ends when it has ended on all. A replica that fails at one takes no
 * part from then on, and what only the others have is acknowledged when that is recorded on them: after any crash the drive
 * that lacks an acknowledged write is known to lack it. Before the first write to a region the region is recorded as one
 * with writes in flight; after an unclean stop those, and no others, are made equal again, and are read from one replica
 * until they are.
 *
 * <p>{@link #poll} polls the replicas' drives. Work that waited ends there, never inside another's {@link #submit}.
 */
public final class MirrorSet implements Drive {
    private final String name;
    private final long sizeBytes;
    private final Replica[] replicas;
    private final Members members;
    private final MirrorLog log;
    private final RegionMarks marks;
    private final Maintenance maintenance;
    private final IntentSweep sweep;
    private final MirrorReads reads;
    private final MirrorWrites writes;
    private final ArrayDeque<Request> free = new ArrayDeque<>();
    private boolean started;
    private long guestBytes;

    /**
     * Takes over what {@link MirrorLoader} found. Replicas that are stale and there are filled from here on; a current one
     * that is not there becomes stale. The first I/O happens on the first call on the reactor.
     *
     * @param drives by slot; empty where the image says that none is there
     * @param allocated which parts have content
     */
    public MirrorSet(
            String name,
            MirrorImage image,
            List<Optional<Drive>> drives,
            MirrorListener listener,
            AllocatedRanges allocated) {
        this.name = name;
        sizeBytes = image.header().sizeBytes();
        replicas = new Replica[image.slotCount()];
        for (int slot = 0; slot < replicas.length; slot++) {
            Drive drive = image.present(slot) ? drives.get(slot).orElse(null) : null;
            replicas[slot] = new Replica(slot, image.header().slots().get(slot), drive);
        }
        marks = new RegionMarks(image.pages(), replicas, sizeBytes);
        members = new Members(name, image, replicas, marks, listener);
        log = members.log();
        maintenance = new Maintenance(this, members, marks, listener, allocated);
        members.maintainedBy(maintenance);
        reads = new MirrorReads(this, members, maintenance, new ReadChoice(replicas, marks));
        writes = new MirrorWrites(this, members, maintenance, marks);
        sweep = new IntentSweep(writes, marks, log);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public int blockSizeBytes() {
        return members.blockSizeBytes();
    }

    @Override
    public boolean volatileWriteCache() {
        for (Replica replica : replicas) {
            if (replica.takesPart() && replica.drive().volatileWriteCache()) {
                return true;
            }
        }
        return false;
    }

    /** Never quite: a write may have to wait for a range that is being copied. */
    @Override
    public boolean synchronous() {
        return false;
    }

    @Override
    public int submit(Io io) {
        startOnce();
        return switch (io.operation()) {
            case Io.READ -> {
                guestBytes += io.lengthBytes();
                yield reads.read(io);
            }
            case Io.FLUSH -> writes.flush(io);
            default -> {
                guestBytes += io.lengthBytes();
                yield writes.write(io);
            }
        };
    }

    /** Work that was given to the drive of a slot has ended. */
    void childEnded(int slot) {
        replicas[slot].ended();
    }

    void writeEnded(Request request) {
        writes.ended(request);
    }

    void readEnded(Request request, int slot, int status) {
        reads.ended(request, slot, status);
    }

    void giveBack(Request request) {
        free.add(request);
    }

    Request take(Io io) {
        Request request = free.poll();
        if (request == null) {
            request = new Request(this);
        }
        request.begin(io);
        return request;
    }

    // ---- replicas come and go

    /** Asked before a replica that has all data again counts as one that has. */
    @FunctionalInterface
    public interface Admission {
        /** False while the drive of that slot lacks something that is not the mirror's: the mirror asks again. */
        boolean admits(int slot);
    }

    public void admission(Admission next) {
        maintenance.admission(next);
    }

    /** Who knows more about data than a drive, when replicas differ after a crash. */
    public void judge(BlockJudge judge) {
        maintenance.judge(judge);
    }

    public int slotCount() {
        return replicas.length;
    }

    public ReplicaState state(int slot) {
        return replicas[slot].state;
    }

    /**
     * Lets a replica take no part any more. Its drive stays polled until {@link #attach} puts another one there.
     *
     * @throws MirrorException when it is the only one with all data
     */
    public void detach(int slot) {
        startOnce();
        members.detach(slot);
    }

    /** As {@link #detach}. @return false when it is the only one with all data, which stays */
    public boolean letGo(int slot) {
        startOnce();
        return members.letGo(slot, IoStatus.GONE);
    }

    /**
     * Puts a drive in place of one that is stale, and fills it.
     *
     * @param knows true when it is the drive that was there and was not written since: it gets only what differs
     * @return the drive that was there, which the caller closes; null when there was none
     * @throws MirrorException when it does not fit, or the place is taken, or work of the former drive has not ended
     */
    public @Nullable Drive attach(int slot, Drive drive, boolean knows) {
        startOnce();
        return members.attach(slot, drive, knows);
    }

    // ---- for those who know better than a drive whether what it read is right

    /** True when the replica has all data. */
    public boolean readable(int slot) {
        return replicas[slot].current();
    }

    /**
     * Reads from one replica that is {@link #readable}. When the end is told to the work's own completion, that has to call
     * {@link #replicaRead}.
     *
     * @return an {@link IoStatus}
     */
    public int readReplica(int slot, Io io) {
        return replicas[slot].submit(io);
    }

    /** What was read from one replica has ended. */
    public void replicaRead(int slot) {
        replicas[slot].ended();
    }

    /**
     * Replicas are wrong in this range, and are to get what the others have.
     *
     * @param slots a bit for each
     */
    public void repairFrom(long offsetBytes, long lengthBytes, int slots) {
        maintenance.repair(offsetBytes, lengthBytes, slots);
    }

    /** Repairs and rebuilds of this mirror. */
    public Maintenance maintenance() {
        return maintenance;
    }

    // ---- what the other parts of the mirror ask

    boolean writesOverlap(long offsetBytes, long endBytes) {
        return writes.overlap(offsetBytes, endBytes);
    }

    /** Bytes read and written through this mirror since it was made. */
    long guestBytes() {
        return guestBytes;
    }

    boolean logStopped() {
        return log.stopped();
    }

    /** A range is free again, or a mark was made: those who wait try once more. */
    void retryWaiting() {
        writes.retryWaiting();
    }

    /** Takes all marks back at the next look, for a stop: {@link #rested} tells when. No write may be under way. */
    public void rest() {
        sweep.now();
    }

    /** True when nothing has to be made equal at the next start. */
    public boolean rested() {
        return started && log.idle() && marks.intent().next(0) < 0;
    }

    /** True while replicas may differ somewhere that writes were in flight at a crash. */
    public boolean doubtful() {
        return marks.unsyncedCount() > 0;
    }

    /** The same, of a range. */
    public boolean doubtful(long offsetBytes, long lengthBytes) {
        return marks.unsynced(offsetBytes, lengthBytes);
    }

    /** True when the replicas' states are on the drives. */
    public boolean settled() {
        return started && log.settled();
    }

    /** True when the replicas' states are on the drives, and no replica has to be repaired or filled. */
    public boolean healthy() {
        return started && log.settled() && members.currentCount() == replicas.length && marks.unsyncedCount() == 0;
    }

    @Override
    public int poll(long nowNs) {
        startOnce();
        int work = 0;
        for (Replica replica : replicas) {
            Drive drive = replica.drive;
            work += drive == null ? 0 : drive.poll(nowNs);
        }
        log.pump();
        work += writes.poll();
        return work + maintenance.poll(nowNs) + sweep.poll(nowNs);
    }

    @Override
    public long prepareSleep(long nowNs) {
        if (writes.due()) {
            return 0;
        }
        long limitNs = Math.min(maintenance.sleepLimit(nowNs), sweep.sleepLimit(nowNs));
        for (Replica replica : replicas) {
            Drive drive = replica.drive;
            limitNs = drive == null ? limitNs : Math.min(limitNs, drive.prepareSleep(nowNs));
        }
        return limitNs;
    }

    /** Closes the drives. */
    @Override
    public void close() {
        for (Replica replica : replicas) {
            if (replica.drive != null) {
                replica.drive.close();
            }
        }
    }

    private void startOnce() {
        if (!started) {
            started = true;
            members.start();
        }
    }
}

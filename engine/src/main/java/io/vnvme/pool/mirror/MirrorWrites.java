package io.vnvme.pool.mirror;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.util.ArrayDeque;

/** Writes and flushes of a mirror: marked, given to all that take part, acknowledged when that is safe. */
final class MirrorWrites {
    private final MirrorSet set;
    private final Members members;
    private final Replica[] replicas;
    private final Maintenance maintenance;
    private final RegionMarks marks;
    private final MirrorLog log;
    private final ActiveWrites active = new ActiveWrites();
    /** Writes that wait for a mark, for a range that is being copied, or for another write to the same blocks. */
    private final ArrayDeque<Request> waiting = new ArrayDeque<>();
    /** Done on the drives; to be acknowledged when the replicas' states are recorded. */
    private final ArrayDeque<Request> parked = new ArrayDeque<>();

    private boolean retry;

    MirrorWrites(MirrorSet set, Members members, Maintenance maintenance, RegionMarks marks) {
        this.set = set;
        this.members = members;
        this.replicas = members.replicas();
        this.maintenance = maintenance;
        this.marks = marks;
        this.log = members.log();
    }

    /** @return an {@link IoStatus} */
    int write(Io io) {
        if (log.stopped()) {
            return IoStatus.WRITE_ERROR;
        }
        if (!admitted(io)) {
            waiting.add(set.take(io));
            return IoStatus.PENDING;
        }
        Request request = set.take(io);
        if (!submitted(request)) {
            active.add(request);
            return IoStatus.PENDING;
        }
        return concluded(request);
    }

    /** True when nothing keeps a write to this range from beginning. */
    private boolean admitted(Io io) {
        long offset = io.offsetBytes();
        long length = io.lengthBytes();
        if (!marks.marked(offset, length)) {
            marks.mark(offset, length);
            log.pump();
            if (!marks.marked(offset, length)) {
                return false;
            }
        }
        // Drives need not do overlapping writes in the same order: replicas would differ for good, and reads with them.
        if (maintenance.holds(offset, length) || active.overlap(offset, offset + length)) {
            return false;
        }
        marks.touch(offset, length);
        return true;
    }

    /** Flushes all that take part. @return an {@link IoStatus} */
    int flush(Io io) {
        if (log.stopped()) {
            return IoStatus.WRITE_ERROR;
        }
        Request request = set.take(io);
        return submitted(request) ? concluded(request) : IoStatus.PENDING;
    }

    /** Gives a write or flush to all that take part. @return whether it has ended on all */
    private boolean submitted(Request request) {
        Io io = request.parent;
        boolean flush = io.operation() == Io.FLUSH;
        // One more than there are, so that it does not end before the last was submitted.
        request.pending = 1;
        for (Replica replica : replicas) {
            if (!replica.takesPart()) {
                continue;
            }
            Drive drive = replica.drive();
            int status = IoStatus.OK;
            if (!flush || drive.volatileWriteCache()) {
                status = replica.submit(members.synchronous() ? io : request.child(replica.slot));
            }
            if (status == IoStatus.PENDING) {
                request.pending++;
            } else {
                request.count(replica.slot, status);
            }
        }
        return --request.pending == 0;
    }

    /** A write or flush has ended on all. */
    void ended(Request request) {
        active.remove(request);
        retry |= !waiting.isEmpty();
        maintenance.writeEnded();
        Io io = request.parent;
        int status = concluded(request);
        if (status != IoStatus.PENDING) {
            io.complete(status);
        }
    }

    /** Draws the consequences of work that has ended on all drives. @return its status, or PENDING */
    private int concluded(Request request) {
        if (request.failed != 0) {
            failed(request);
        }
        if (!kept(request)) {
            set.giveBack(request);
            return request.status;
        }
        if (log.settled()) {
            set.giveBack(request);
            return IoStatus.OK;
        }
        parked.add(request);
        return IoStatus.PENDING;
    }

    /** True when a current replica has it. */
    private boolean kept(Request request) {
        for (Replica replica : replicas) {
            if (replica.current() && (request.succeeded >> replica.slot & 1) != 0) {
                return request.status != IoStatus.UNSUPPORTED;
            }
        }
        return false;
    }

    private void failed(Request request) {
        if (request.status == IoStatus.UNSUPPORTED) {
            return;
        }
        boolean kept = kept(request);
        for (Replica replica : replicas) {
            // When no current replica has it, dropping one of them would make nothing better.
            if ((request.failed >> replica.slot & 1) != 0 && (kept || !replica.current())) {
                members.drop(replica.slot, request.status);
            }
        }
        Io io = request.parent;
        if (!kept && io.operation() != Io.FLUSH && members.currentCount() > 1) {
            Plane intent = marks.intent();
            int last = intent.region(io.offsetBytes() + io.lengthBytes() - 1);
            for (int region = intent.region(io.offsetBytes()); region <= last; region++) {
                marks.doubt(region);
            }
        }
    }

    boolean overlap(long offsetBytes, long endBytes) {
        return active.overlap(offsetBytes, endBytes);
    }

    /** Marks that writes under way need do not go. */
    void keepMarks() {
        active.keepMarks(marks);
    }

    void retryWaiting() {
        retry = true;
    }

    /** True when {@link #poll} has something to do. */
    boolean due() {
        return retry || !parked.isEmpty() && (log.settled() || log.stopped());
    }

    /** Goes on with what waited. @return how much that was */
    int poll() {
        int work = release();
        if (retry) {
            retry = false;
            work += admitWaiting();
        }
        return work;
    }

    /** Acknowledges what waited for the replicas' states to be recorded. */
    private int release() {
        if (parked.isEmpty() || !log.settled() && !log.stopped()) {
            return 0;
        }
        int count = parked.size();
        for (int i = 0; i < count; i++) {
            Request request = parked.remove();
            Io io = request.parent;
            int status = log.stopped() || !kept(request) ? IoStatus.WRITE_ERROR : IoStatus.OK;
            set.giveBack(request);
            io.complete(status);
        }
        return count;
    }

    private int admitWaiting() {
        int count = waiting.size();
        for (int i = 0; i < count; i++) {
            Request request = waiting.remove();
            Io io = request.parent;
            int status;
            if (log.stopped()) {
                set.giveBack(request);
                status = IoStatus.WRITE_ERROR;
            } else if (!admitted(io)) {
                waiting.add(request);
                continue;
            } else if (!submitted(request)) {
                active.add(request);
                continue;
            } else {
                status = concluded(request);
            }
            if (status != IoStatus.PENDING) {
                io.complete(status);
            }
        }
        return count;
    }
}

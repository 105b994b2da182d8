package io.vnvme.pool.mirror;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Poller;

/**
 * Takes the marks of quiet regions back: where nothing was written for a while and everything is on the media. A mark may go
 * only behind a flush, because what a drive lost from its cache would be different on the other one.
 */
final class IntentSweep {
    /** A region that is written to again within this time keeps its mark. */
    private static final long PERIOD_NS = 2_000_000_000L;

    private final MirrorWrites writes;
    private final RegionMarks marks;
    private final MirrorLog log;
    private final Io flush = new Io((_, status) -> flushed(status));
    private boolean flushing;
    private boolean resting;
    private long dueNs;
    private long startedGeneration;

    IntentSweep(MirrorWrites writes, RegionMarks marks, MirrorLog log) {
        this.writes = writes;
        this.marks = marks;
        this.log = log;
    }

    /** Sweeps at the next look, and takes all marks. */
    void now() {
        resting = true;
    }

    int poll(long nowNs) {
        // While states are being recorded, marks are what stands for them.
        if (flushing || !resting && nowNs - dueNs < 0 || !log.settled()) {
            return 0;
        }
        dueNs = nowNs + PERIOD_NS;
        if (!marks.chooseCandidates(resting)) {
            resting = false;
            return 0;
        }
        writes.keepMarks();
        flushing = true;
        startedGeneration = log.startedGeneration();
        flush.prepare(Io.FLUSH, 0, 0, false);
        int status = writes.flush(flush);
        if (status != IoStatus.PENDING) {
            flushed(status);
        }
        return 1;
    }

    /** How long the reactor may sleep, in nanoseconds: until the next sweep, if there are marks to take. */
    long sleepLimit(long nowNs) {
        boolean nothing = !resting && marks.intent().next(0) < 0;
        if (flushing || nothing || !log.settled()) {
            return Poller.UNLIMITED;
        }
        return resting ? 0 : Math.max(0, dueNs - nowNs);
    }

    private void flushed(int status) {
        flushing = false;
        resting = false;
        // A replica that came or went meanwhile was not flushed with the others.
        if (status == IoStatus.OK && startedGeneration == log.startedGeneration()) {
            marks.clearCandidates();
            log.pump();
        }
    }
}

package io.vnvme.drive.nvmetcp;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** How a remote drive fares, whoever uses it. Written by the thread that it is used on, read by any. */
public final class RemoteHealth {
    private final AtomicLong readErrors = new AtomicLong();
    private final AtomicLong writeErrors = new AtomicLong();
    private final AtomicLong resent = new AtomicLong();
    private final AtomicLong timeouts = new AtomicLong();
    private volatile List<PathView> paths = List.of();
    private volatile boolean gone;
    private volatile boolean wasGone;
    private volatile int held;

    void readError() {
        readErrors.incrementAndGet();
    }

    void writeError() {
        writeErrors.incrementAndGet();
    }

    void resent(int commands) {
        resent.addAndGet(commands);
    }

    void timedOut(int commands) {
        timeouts.addAndGet(commands);
    }

    void paths(List<PathView> now) {
        paths = List.copyOf(now);
    }

    void gone(boolean isGone) {
        gone = isGone;
        wasGone |= isGone;
    }

    void held(int commands) {
        if (held != commands) {
            held = commands;
        }
    }

    /** Reads that failed. */
    public long readErrors() {
        return readErrors.get();
    }

    /** Writes, flushes and deallocations that failed. */
    public long writeErrors() {
        return writeErrors.get();
    }

    /** Commands that were sent again after their path was lost. */
    public long resent() {
        return resent.get();
    }

    /** Commands that were not answered in time, and whose path was given up for that. */
    public long timeouts() {
        return timeouts.get();
    }

    /** How each path is, in the order of the portals; empty while nobody uses the drive. */
    public List<PathView> paths() {
        return paths;
    }

    /** No path has worked for longer than the loss time: all work is answered with an error. */
    public boolean gone() {
        return gone;
    }

    /** It was gone since the last {@link #returned}, even if only for a moment: work has failed. */
    public boolean wasGone() {
        return wasGone;
    }

    /** Whoever has to knows that it was gone, and that it works again. */
    public void returned() {
        readErrors.set(0);
        writeErrors.set(0);
        wasGone = gone;
    }

    /** Commands that wait: for a path, for the certainty that one of before is not carried out any more, for another try. */
    public int held() {
        return held;
    }
}

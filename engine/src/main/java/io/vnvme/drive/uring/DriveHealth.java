package io.vnvme.drive.uring;

import java.util.concurrent.atomic.AtomicLong;

/** How a drive has fared since it was opened. Written by its ring's thread, read by any. */
public final class DriveHealth {
    private final AtomicLong readErrors = new AtomicLong();
    private final AtomicLong writeErrors = new AtomicLong();
    private volatile int lastErrno;
    private volatile boolean gone;

    void readError(int errno) {
        lastErrno = errno;
        readErrors.incrementAndGet();
    }

    void writeError(int errno) {
        lastErrno = errno;
        writeErrors.incrementAndGet();
    }

    void gone(boolean isGone) {
        gone = isGone;
    }

    /** It was opened again after it was gone. */
    public void returned() {
        readErrors.set(0);
        writeErrors.set(0);
        lastErrno = 0;
        gone = false;
    }

    /** Reads that failed. */
    public long readErrors() {
        return readErrors.get();
    }

    /** Writes, flushes and deallocations that failed. */
    public long writeErrors() {
        return writeErrors.get();
    }

    /** The {@link io.vnvme.os.Errno} of the last failure; 0 when there was none. */
    public int lastErrno() {
        return lastErrno;
    }

    /** True while the drive is not there: all work is answered with {@link io.vnvme.drive.IoStatus#GONE}. */
    public boolean gone() {
        return gone;
    }
}

package io.vnvme.nvme;

import io.vnvme.nvme.wire.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The Error Information log page (NVM Express Base 2.0, 5.16.1.2): the last entries, newest first. */
final class ErrorLog {
    /** Entries kept: ELPE + 1. */
    static final int ENTRIES = 64;

    private static final int ENTRY_SIZE = 64;
    private static final int NO_LOCATION = 0xffff;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final MemorySegment ring = Arena.ofAuto().allocate(ENTRIES * (long) ENTRY_SIZE, 8);
    private long count;

    /** Entries ever made. */
    long count() {
        return count;
    }

    /**
     * @param commandId the command's identifier, or FFFFh when no command is meant
     * @param lba first block of the command, for what it is worth
     */
    void add(int queueId, int commandId, int status, long lba, int nsid) {
        long at = count % ENTRIES * ENTRY_SIZE;
        count++;
        ring.set(LONG, at, count);
        ring.set(SHORT, at + 8, (short) queueId);
        ring.set(SHORT, at + 10, (short) commandId);
        ring.set(SHORT, at + 12, (short) ((status | Status.MORE) << 1));
        ring.set(SHORT, at + 14, (short) NO_LOCATION);
        ring.set(LONG, at + 16, lba);
        ring.set(INT, at + 24, nsid);
    }

    long fill(MemorySegment out) {
        long kept = Math.min(count, ENTRIES);
        for (long i = 0; i < kept; i++) {
            long from = (count - 1 - i) % ENTRIES * ENTRY_SIZE;
            MemorySegment.copy(ring, from, out, i * ENTRY_SIZE, ENTRY_SIZE);
        }
        return (long) ENTRIES * ENTRY_SIZE;
    }
}

package io.vnvme.nvme.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Completion queue entry (NVM Express Base 2.0, 3.3.3.2): 16 bytes, little endian. */
public final class Cqe {
    public static final int SIZE = 16;

    public static final int RESULT = 0;
    public static final int SQ_HEAD_ID = 8;
    public static final int CID_STATUS = 12;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final VarHandle LONG_ATOMIC = LONG.varHandle();
    private static final VarHandle INT_ATOMIC = ValueLayout.JAVA_INT.varHandle();

    private Cqe() {}

    /**
     * Writes an entry so that a host that sees its phase tag sees all of it: the half with the tag last, with release.
     *
     * @param result command specific, dwords 0 and 1
     * @param sqHead submission queue head
     * @param status status field of 15 bits, as in {@link Status}
     * @param phase the pass's phase tag, 0 or 1
     */
    public static void write(
            MemorySegment s, long at, long result, int sqHead, int sqId, int cid, int status, int phase) {
        s.set(LONG, at, result);
        LONG_ATOMIC.setRelease(s, at + SQ_HEAD_ID, high(sqHead, sqId, cid, status, phase));
    }

    /** Bytes 8 to 15 of an entry. */
    public static long high(int sqHead, int sqId, int cid, int status, int phase) {
        long tagged = (long) status << 1 | phase;
        return (sqHead & 0xffffL) | (sqId & 0xffffL) << 16 | (cid & 0xffffL) << 32 | tagged << 48;
    }

    /** Dword 3, with acquire: what follows of this entry is at least as new as its phase tag. */
    public static int acquireCidStatus(MemorySegment s, long at) {
        return (int) INT_ATOMIC.getAcquire(s, at + CID_STATUS);
    }

    public static int cid(int cidStatus) {
        return cidStatus & 0xffff;
    }

    public static int phase(int cidStatus) {
        return cidStatus >>> 16 & 1;
    }

    /** Status field of 15 bits, as in {@link Status}. */
    public static int status(int cidStatus) {
        return cidStatus >>> 17;
    }

    public static long result(MemorySegment s, long at) {
        return s.get(LONG, at);
    }

    public static int sqHead(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_SHORT, at + SQ_HEAD_ID) & 0xffff;
    }

    public static int sqId(MemorySegment s, long at) {
        return s.get(ValueLayout.JAVA_SHORT, at + SQ_HEAD_ID + 2) & 0xffff;
    }
}

package io.vnvme.nvme.wire;

/**
 * Controller properties (NVM Express Base 2.0, 3.1.3) and BAR0 as this controller lays it out.
 *
 * <p>Offsets and sizes in bytes. Doorbells follow at {@link #DOORBELLS} with stride 4 (CAP.DSTRD = 0).
 */
public final class Registers {
    /** Controller Capabilities, 64 bits. */
    public static final int CAP = 0x00;
    /** Version. */
    public static final int VS = 0x08;
    /** Interrupt Mask Set and Clear. */
    public static final int INTMS = 0x0c;

    public static final int INTMC = 0x10;
    /** Controller Configuration. */
    public static final int CC = 0x14;
    /** Controller Status. */
    public static final int CSTS = 0x1c;
    /** NVM Subsystem Reset. */
    public static final int NSSR = 0x20;
    /** Admin Queue Attributes. */
    public static final int AQA = 0x24;
    /** Admin Submission and Completion Queue Base Address, 64 bits each. */
    public static final int ASQ = 0x28;

    public static final int ACQ = 0x30;
    /** Controller Ready Timeouts. */
    public static final int CRTO = 0x68;

    /** Where doorbells begin: queue y's tail at +8y, its completion queue's head at +8y+4. */
    public static final int DOORBELLS = 0x1000;

    public static final int DOORBELLS_SIZE = 0x1000;

    public static final int VERSION_2_0 = 0x0002_0000;

    /** CC.CSS: the NVM command set; all supported command sets; no I/O command set. */
    public static final int CSS_NVM = 0;

    public static final int CSS_ALL = 6;
    public static final int CSS_ADMIN_ONLY = 7;

    /** CC.AMS: round robin; weighted round robin with urgent priority class. */
    public static final int AMS_ROUND_ROBIN = 0;

    public static final int AMS_WEIGHTED = 1;

    public static final int CSTS_RDY = 1;
    /** Controller Fatal Status. */
    public static final int CSTS_CFS = 1 << 1;
    /** Shutdown Status: occurring, complete. */
    public static final int CSTS_SHST_MASK = 3 << 2;

    public static final int CSTS_SHST_OCCURRING = 1 << 2;
    public static final int CSTS_SHST_COMPLETE = 2 << 2;

    private Registers() {}

    public static boolean enabled(int cc) {
        return (cc & 1) != 0;
    }

    public static int commandSet(int cc) {
        return cc >>> 4 & 7;
    }

    /** Memory page size in bytes. */
    public static int pageBytes(int cc) {
        return 1 << (12 + (cc >>> 7 & 0xf));
    }

    public static int arbitration(int cc) {
        return cc >>> 11 & 7;
    }

    /** Whether a controller with these CAP has an arbitration mechanism. */
    public static boolean arbitrates(long cap, int mechanism) {
        return mechanism == AMS_ROUND_ROBIN || mechanism == AMS_WEIGHTED && (cap >>> 17 & 1) != 0;
    }

    /** Largest memory page that CAP allows, in bytes. */
    public static int pageBytesMax(long cap) {
        return 1 << 12 + (int) (cap >>> 52 & 0xf);
    }

    /** Shutdown Notification: 0 none, 1 normal, 2 abrupt. */
    public static int shutdown(int cc) {
        return cc >>> 14 & 3;
    }

    /** I/O submission queue entry size in bytes. */
    public static int sqeBytes(int cc) {
        return 1 << (cc >>> 16 & 0xf);
    }

    /** I/O completion queue entry size in bytes. */
    public static int cqeBytes(int cc) {
        return 1 << (cc >>> 20 & 0xf);
    }

    /** Entries of the admin submission queue. */
    public static int adminSqEntries(int aqa) {
        return (aqa & 0xfff) + 1;
    }

    /** Entries of the admin completion queue. */
    public static int adminCqEntries(int aqa) {
        return (aqa >>> 16 & 0xfff) + 1;
    }

    /**
     * CAP of this controller: contiguous queues, 10 s to get ready, NVM command set and command set selection, ready with
     * media.
     *
     * @param entriesMax largest queue, in entries
     * @param weighted whether queues can have weighted round robin
     * @param pageShiftMax largest memory page size as a power of two
     */
    public static long capabilities(int entriesMax, boolean weighted, int pageShiftMax) {
        long contiguousQueues = 1L << 16;
        long weightedRoundRobin = weighted ? 1L << 17 : 0;
        long timeoutHalfSeconds = 20L << 24;
        long commandSets = (1L | 1L << 6) << 37;
        long pageSizeMax = (long) (pageShiftMax - 12) << 52;
        long readyWithMedia = 1L << 59;
        return entriesMax - 1
                | contiguousQueues
                | weightedRoundRobin
                | timeoutHalfSeconds
                | commandSets
                | pageSizeMax
                | readyWithMedia;
    }
}

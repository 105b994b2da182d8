package io.vnvme.memory;

/** How a walk over PRPs or SGL descriptors ended. */
public final class DataWalk {
    /** The scatter list is complete. */
    public static final int OK = 0;
    /** A list lies in memory that only messages reach: fetch {@link FetchedLists#missingIova()}, then walk again. */
    public static final int LIST_MISSING = 1;
    /** An address belongs to no region, or to one without the needed permission. */
    public static final int UNMAPPED = 2;
    /** A PRP has an offset where none is allowed, or one that is not aligned. */
    public static final int PRP_OFFSET = 3;
    /** A segment descriptor has a length that is no multiple of 16, or stands where none may. */
    public static final int SGL_SEGMENT = 4;
    /** More descriptors than are worked. */
    public static final int SGL_COUNT = 5;
    /** The descriptors describe fewer bytes than the command transfers. */
    public static final int SGL_LENGTH = 6;
    /** A descriptor type or subtype that is not for a PCIe host. */
    public static final int SGL_TYPE = 7;

    private DataWalk() {}

    /** Appends guest range [iova, iova + length), over as many regions as it takes. */
    static int append(GuestMemory memory, long iova, long length, boolean toGuest, Segments out) {
        long at = iova;
        long left = length;
        while (left > 0) {
            Region region = memory.find(at);
            if (region == null || !(toGuest ? region.writable() : region.readable())) {
                return UNMAPPED;
            }
            long part = Math.min(left, region.bytesFrom(at));
            out.add(region, at, part);
            at += part;
            left -= part;
        }
        return OK;
    }
}

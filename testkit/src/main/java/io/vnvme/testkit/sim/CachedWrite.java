package io.vnvme.testkit.sim;

/** A write that a power cut may undo, wholly or sector by sector. Reused. */
final class CachedWrite {
    /** {@link #endedAt} of a write that is still under way. */
    static final long IN_FLIGHT = Long.MAX_VALUE;

    /** In sectors from the start of the drive. */
    int firstSector;

    int sectorCount;
    /** Where the data lies in {@link Payloads}, in sectors; meaningless for zeros. */
    int slot;

    boolean zeros;
    boolean forceUnitAccess;
    /** Place in the order in which the drive's writes ended. */
    long endedAt;

    void set(int firstSector, int sectorCount, boolean zeros, boolean forceUnitAccess) {
        this.firstSector = firstSector;
        this.sectorCount = sectorCount;
        this.zeros = zeros;
        this.forceUnitAccess = forceUnitAccess;
        endedAt = IN_FLIGHT;
    }
}

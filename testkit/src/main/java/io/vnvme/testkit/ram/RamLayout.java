package io.vnvme.testkit.ram;

/**
 * How a guest's memory appears to its devices.
 *
 * @param sizeBytes all of it; a multiple of {@code regionBytes}
 * @param regionBytes size of each DMA region; a multiple of 4096
 * @param baseIova address of the first region
 * @param gapBytes hole between two regions; a multiple of 4096
 */
public record RamLayout(long sizeBytes, long regionBytes, long baseIova, long gapBytes) {
    private static final long PAGE_BYTES = 4096;
    private static final long DEFAULT_IOVA = 0x1_0000_0000L;

    public RamLayout {
        if (sizeBytes % regionBytes != 0 || regionBytes % PAGE_BYTES != 0 || gapBytes % PAGE_BYTES != 0) {
            throw new IllegalArgumentException("regions of %d bytes in %d".formatted(regionBytes, sizeBytes));
        }
    }

    /** All memory in one region, as QEMU does it. */
    public static RamLayout single(long sizeBytes) {
        return new RamLayout(sizeBytes, sizeBytes, DEFAULT_IOVA, 0);
    }

    /** Regions of {@code regionBytes} that follow one another, as clients with huge pages do it. */
    public static RamLayout adjacent(long sizeBytes, long regionBytes) {
        return new RamLayout(sizeBytes, regionBytes, DEFAULT_IOVA, 0);
    }

    /** Regions with holes between them: nothing that crosses a border is reachable. */
    public static RamLayout scattered(long sizeBytes, long regionBytes) {
        return new RamLayout(sizeBytes, regionBytes, DEFAULT_IOVA, regionBytes);
    }

    /** Number of regions. */
    public int regionCount() {
        return Math.toIntExact(sizeBytes / regionBytes);
    }

    /** Guest address of the byte at {@code offset}. */
    public long iova(long offset) {
        return baseIova + offset / regionBytes * (regionBytes + gapBytes) + offset % regionBytes;
    }

    /** Offset of a guest address, or -1 when no region holds it. */
    public long offset(long iova) {
        long distance = iova - baseIova;
        if (distance < 0) {
            return -1;
        }
        long index = distance / (regionBytes + gapBytes);
        long inside = distance % (regionBytes + gapBytes);
        return index < regionCount() && inside < regionBytes ? index * regionBytes + inside : -1;
    }
}

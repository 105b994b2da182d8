package io.vnvme.pool.mirror;

/** A run of bits, one for each region of the mirror. */
final class Plane {
    private final BitPages pages;
    private final int firstBit;
    private final int endBit;
    private final int shift;

    /** @param shift binary logarithm of a region's size in bytes */
    Plane(BitPages pages, int firstPage, int shift, long sizeBytes) {
        this.pages = pages;
        this.shift = shift;
        firstBit = firstPage * BitPages.BITS_PER_PAGE;
        endBit = firstBit + (int) ((sizeBytes - 1 >>> shift) + 1);
    }

    int regionCount() {
        return endBit - firstBit;
    }

    long regionBytes() {
        return 1L << shift;
    }

    int region(long offsetBytes) {
        return (int) (offsetBytes >>> shift);
    }

    long start(int region) {
        return (long) region << shift;
    }

    boolean isSet(int region) {
        return pages.wanted(firstBit + region);
    }

    /** True when all regions of the range are set, on the drives too. */
    boolean certain(long offsetBytes, long lengthBytes) {
        int last = firstBit + region(offsetBytes + lengthBytes - 1);
        for (int bit = firstBit + region(offsetBytes); bit <= last; bit++) {
            if (!pages.certain(bit)) {
                return false;
            }
        }
        return true;
    }

    void set(long offsetBytes, long lengthBytes) {
        int last = Math.min(endBit - 1, firstBit + region(offsetBytes + lengthBytes - 1));
        for (int bit = firstBit + region(offsetBytes); bit <= last; bit++) {
            pages.want(bit);
        }
    }

    void setAll() {
        set(0, start(regionCount()));
    }

    /** Sets all that is set in {@code other}. */
    void addAll(Plane other) {
        for (int region = other.next(0); region >= 0; region = other.next(region + 1)) {
            set(other.start(region), other.regionBytes());
        }
    }

    void clear(int region) {
        pages.takeBack(firstBit + region);
    }

    void clearAll() {
        for (int region = next(0); region >= 0; region = next(region + 1)) {
            clear(region);
        }
    }

    /** First region from {@code from} on that is set, or -1. */
    int next(int from) {
        int bit = pages.nextWanted(firstBit + from, endBit);
        return bit < 0 ? -1 : bit - firstBit;
    }

    /** Number of regions that are set. */
    int count() {
        int count = 0;
        for (int region = next(0); region >= 0; region = next(region + 1)) {
            count++;
        }
        return count;
    }
}

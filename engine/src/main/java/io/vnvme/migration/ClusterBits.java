package io.vnvme.migration;

import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/**
 * A bit for each 64 KiB of a volume, outside the heap: 2 MiB for each TiB, of which only what was ever set takes memory.
 * Groups of 4096 bits that have none set are passed over in searches.
 */
final class ClusterBits implements AutoCloseable {
    static final int SHIFT = 16;
    static final int CLUSTER_BYTES = 1 << SHIFT;

    private static final int GROUP_SHIFT = 12;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

    private final long clusters;
    private final Mapping mapping;
    private final MemorySegment words;
    /** Groups that may have a bit set. */
    private final BitSet groups = new BitSet();

    private long count;

    ClusterBits(long sizeBytes) {
        clusters = sizeBytes + CLUSTER_BYTES - 1 >>> SHIFT;
        long bytes = (clusters + Long.SIZE - 1) / Long.SIZE * Long.BYTES;
        mapping = Mapping.anonymous((bytes + Mapping.PAGE_BYTES - 1) & -Mapping.PAGE_BYTES, false);
        words = mapping.segment();
    }

    /** How many are set. */
    long count() {
        return count;
    }

    boolean get(long index) {
        return (word(index >>> 6) >>> index & 1) != 0;
    }

    /** Sets the bits of all clusters that a range of bytes touches. */
    void setRange(long offsetBytes, long lengthBytes) {
        if (lengthBytes > 0) {
            set(offsetBytes >>> SHIFT, Math.min(clusters, (offsetBytes + lengthBytes - 1 >>> SHIFT) + 1));
        }
    }

    /** @param end is not set */
    void set(long first, long end) {
        for (long index = first; index < end; ) {
            long stop = Math.min(end, (index | 63) + 1);
            long mask = mask(index, stop);
            long was = word(index >>> 6);
            if ((was & mask) != mask) {
                words.setAtIndex(WORD, index >>> 6, was | mask);
                count += Long.bitCount(mask & ~was);
                groups.set((int) (index >>> GROUP_SHIFT));
            }
            index = stop;
        }
    }

    /** @param end is not cleared */
    void clear(long first, long end) {
        for (long index = first; index < end; ) {
            long stop = Math.min(end, (index | 63) + 1);
            long mask = mask(index, stop);
            long was = word(index >>> 6);
            words.setAtIndex(WORD, index >>> 6, was & ~mask);
            count -= Long.bitCount(mask & was);
            index = stop;
        }
    }

    /** How many clusters that a range of bytes touches are not set. */
    long unset(long offsetBytes, long lengthBytes) {
        if (lengthBytes <= 0) {
            return 0;
        }
        long unset = 0;
        long end = Math.min(clusters, (offsetBytes + lengthBytes - 1 >>> SHIFT) + 1);
        for (long index = offsetBytes >>> SHIFT; index < end; ) {
            long stop = Math.min(end, (index | 63) + 1);
            unset += Long.bitCount(mask(index, stop) & ~word(index >>> 6));
            index = stop;
        }
        return unset;
    }

    /** The first one set from {@code from} on; -1 when there is none. */
    long next(long from) {
        long index = from;
        while (index < clusters) {
            int group = groups.nextSetBit((int) (index >>> GROUP_SHIFT));
            if (group < 0) {
                return -1;
            }
            long start = (long) group << GROUP_SHIFT;
            long end = Math.min(clusters, start + (1 << GROUP_SHIFT));
            long found = nextIn(Math.max(index, start), end);
            if (found >= 0) {
                return found;
            }
            if (index <= start) {
                // All of it was looked at.
                groups.clear(group);
            }
            index = end;
        }
        return -1;
    }

    private long nextIn(long from, long end) {
        for (long index = from; index < end; index = (index | 63) + 1) {
            long word = word(index >>> 6) >>> index;
            if (word != 0) {
                long found = index + Long.numberOfTrailingZeros(word);
                return found < end ? found : -1;
            }
        }
        return -1;
    }

    private long word(long index) {
        return words.getAtIndex(WORD, index);
    }

    /** Bits {@code first} to {@code stop} of the word that both are in. */
    private static long mask(long first, long stop) {
        return -1L << first & -1L >>> -stop;
    }

    @Override
    public void close() {
        mapping.close();
    }
}

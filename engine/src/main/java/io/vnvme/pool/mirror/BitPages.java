package io.vnvme.pool.mirror;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The pages of bits of a mirror area: as they shall be, and what of it is on the drives for certain.
 *
 * <pre>
 * 0 u32 CRC32C of the page, with 0 here    4 u32 index of the page    8 UUID of the mirror, to 24    64 bits, to 4096
 * </pre>
 *
 * A bit that is set for certain is in both. A bit that is taken back leaves the certain ones at once, because the page that says
 * so may reach a drive at any time from then on.
 */
final class BitPages {
    private static final int BITS_OFFSET = 64;
    static final int WORDS_PER_PAGE = (AreaGeometry.BLOCK_BYTES - BITS_OFFSET) / Long.BYTES;
    static final int BITS_PER_PAGE = WORDS_PER_PAGE * Long.SIZE;

    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final UUID set;
    private final long[] wanted = new long[AreaGeometry.PAGES * WORDS_PER_PAGE];
    private final long[] certain = new long[AreaGeometry.PAGES * WORDS_PER_PAGE];
    /** A bit for each page that differs from what was written last. */
    private int dirty;

    private final CRC32C crc = new CRC32C();

    BitPages(UUID set) {
        this.set = set;
    }

    /** A bit for each page that has to be written. */
    int dirty() {
        return dirty;
    }

    void dirtyAll() {
        dirty = (1 << AreaGeometry.PAGES) - 1;
    }

    boolean wanted(int bit) {
        return (wanted[bit >> 6] >>> bit & 1) != 0;
    }

    boolean certain(int bit) {
        return (certain[bit >> 6] >>> bit & 1) != 0;
    }

    void want(int bit) {
        if (!wanted(bit)) {
            wanted[bit >> 6] |= 1L << bit;
            dirty |= 1 << bit / BITS_PER_PAGE;
        }
    }

    void takeBack(int bit) {
        if (wanted(bit)) {
            wanted[bit >> 6] &= ~(1L << bit);
            certain[bit >> 6] &= ~(1L << bit);
            dirty |= 1 << bit / BITS_PER_PAGE;
        }
    }

    /** First wanted bit from {@code from} on and before {@code end}, or -1. */
    int nextWanted(int from, int end) {
        for (int bit = from; bit < end; bit = (bit | 63) + 1) {
            long word = wanted[bit >> 6] >>> bit;
            if (word != 0) {
                int found = bit + Long.numberOfTrailingZeros(word);
                return found < end ? found : -1;
            }
        }
        return -1;
    }

    /** Writes the page into a block; from now on only later changes make it dirty. */
    void capture(int page, MemorySegment block, ByteBuffer view) {
        dirty &= ~(1 << page);
        block.set(U32, 0, 0);
        block.set(U32, 4, page);
        block.set(U64, 8, set.getMostSignificantBits());
        block.set(U64, 16, set.getLeastSignificantBits());
        for (int i = 0; i < WORDS_PER_PAGE; i++) {
            block.set(U64, BITS_OFFSET + (long) i * Long.BYTES, wanted[page * WORDS_PER_PAGE + i]);
        }
        crc.reset();
        crc.update(view.clear());
        block.set(U32, 0, (int) crc.getValue());
    }

    /** The page in {@code block} is on all replicas that take part. */
    void written(int page, MemorySegment block) {
        for (int i = 0; i < WORDS_PER_PAGE; i++) {
            int word = page * WORDS_PER_PAGE + i;
            // What was taken back while the page was on its way is not certain.
            certain[word] = block.get(U64, BITS_OFFSET + (long) i * Long.BYTES) & wanted[word];
        }
    }

    /** What a written page could not say for itself has to be written again. */
    void failed(int page) {
        dirty |= 1 << page;
    }

    /**
     * Adds the bits of a page as it was found on a drive. One that was torn, or never written, counts as all set: more is copied
     * then, never less.
     *
     * @return false when the page was no whole one
     */
    boolean merge(int page, MemorySegment block) {
        int stored = block.get(U32, 0);
        block.set(U32, 0, 0);
        crc.reset();
        crc.update(block.asSlice(0, AreaGeometry.BLOCK_BYTES).asByteBuffer());
        boolean whole = stored == (int) crc.getValue()
                && block.get(U32, 4) == page
                && block.get(U64, 8) == set.getMostSignificantBits()
                && block.get(U64, 16) == set.getLeastSignificantBits();
        for (int i = 0; i < WORDS_PER_PAGE; i++) {
            wanted[page * WORDS_PER_PAGE + i] |= whole ? block.get(U64, BITS_OFFSET + (long) i * Long.BYTES) : -1;
        }
        return whole;
    }
}

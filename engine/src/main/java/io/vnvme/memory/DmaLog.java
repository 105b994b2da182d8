package io.vnvme.memory;

import java.util.Arrays;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Which pages of a guest's memory its device has written, while somebody wants to know: they have to be copied again when
 * the guest moves to another host, and nobody else sees these writes.
 *
 * <p>A write is noted when it has ended. A page that is taken from here while a write to it is under way - a drive moves the
 * bytes on its own time - is noted again by that write's end, so what was copied in between is copied once more. Noted when it
 * begins, and no later, it could be taken, copied, and then changed with nobody knowing.
 *
 * <p>Owned by one reactor. Off, it costs a branch a transfer; on, memory as guest memory is touched.
 */
public final class DmaLog {
    /** What a bit stands for. */
    public static final int PAGE_BYTES = 1 << 12;

    private static final int PAGE_SHIFT = 12;
    /** Pages that lie together in one bitmap of 4 KiB, as a power of two: 128 MiB of guest memory. */
    private static final int CHUNK_SHIFT = 15;

    private static final int CHUNK_WORDS = 1 << CHUNK_SHIFT - 6;
    private static final long CHUNK_MASK = (1L << CHUNK_SHIFT) - 1;
    /** Bitmaps of 64 MiB, for 2 TiB of guest memory: a client could otherwise take all memory by writes far apart. */
    private static final int CHUNKS_MAX = 1 << 14;

    private static final int CHUNKS_FIRST = 16;
    private static final long[] NONE = new long[0];

    private boolean on;
    /** Who began it. */
    private @Nullable Object reader;
    /** More was written than there is room to note: every page counts as written. */
    private boolean overflowed;

    // Chunk c of the address space is in bits[i] where keys[i] is c, found by linear probing; NONE is a free place.
    private long[] keys = new long[0];
    private long[][] bits = new long[0][];
    private int count;
    private long lastKey;
    private long[] last = NONE;

    DmaLog() {}

    public boolean on() {
        return on;
    }

    /** Whether writes are noted for that one, and nobody else. */
    public boolean isFor(Object who) {
        return on && who.equals(reader);
    }

    /**
     * Begins to note writes; nothing is noted yet.
     *
     * @param who reads them
     */
    public void start(Object who) {
        clear();
        reader = who;
        on = true;
    }

    /** Forgets everything. */
    public void stop() {
        on = false;
        reader = null;
        clear();
    }

    private void clear() {
        overflowed = false;
        keys = new long[0];
        bits = new long[0][];
        count = 0;
        last = NONE;
    }

    /** True when more was written than can be noted: then all memory counts as written, until the log is stopped. */
    public boolean overflowed() {
        return overflowed;
    }

    /** A write of {@code length} bytes at {@code iova} has ended. */
    public void add(long iova, long length) {
        if (!on || length <= 0) {
            return;
        }
        long lastPage = iova + length - 1 >>> PAGE_SHIFT;
        for (long page = iova >>> PAGE_SHIFT; page <= lastPage; page++) {
            long[] chunk = chunk(page >>> CHUNK_SHIFT);
            if (chunk == NONE) {
                overflowed = true;
                return;
            }
            int bit = (int) (page & CHUNK_MASK);
            chunk[bit >>> 6] |= 1L << bit;
        }
    }

    /** The same for each piece of guest memory in a list. */
    public void add(Segments written) {
        for (int i = 0; i < written.count(); i++) {
            Region region = written.region(i);
            if (region != null) {
                long offset = written.offset(i);
                add(written.remote(i) ? offset : region.iova() + offset, written.length(i));
            }
        }
    }

    /**
     * Tells the addresses of all written pages that have a byte in [{@code first}, {@code last}], unsigned and each once, in no
     * order; they count as not written from then on. What has {@link #overflowed} is told by that alone.
     */
    public void take(long first, long last, LongConsumer page) {
        take(first, last, Integer.MAX_VALUE, page);
    }

    /** The same for at most {@code pagesMax} pages. @return how many */
    public int take(long first, long last, int pagesMax, LongConsumer page) {
        long firstPage = first >>> PAGE_SHIFT;
        long lastPage = last >>> PAGE_SHIFT;
        int taken = 0;
        for (int i = 0; i < keys.length && taken < pagesMax; i++) {
            long[] chunk = bits[i];
            long base = keys[i] << CHUNK_SHIFT;
            if (chunk == NONE || base > lastPage || base + CHUNK_MASK < firstPage) {
                continue;
            }
            for (int word = 0; word < CHUNK_WORDS && taken < pagesMax; word++) {
                for (long left = chunk[word]; left != 0 && taken < pagesMax; left &= left - 1) {
                    int bit = Long.numberOfTrailingZeros(left);
                    long number = base + word * 64L + bit;
                    if (number >= firstPage && number <= lastPage) {
                        chunk[word] &= ~(1L << bit);
                        page.accept(number << PAGE_SHIFT);
                        taken++;
                    }
                }
            }
        }
        return taken;
    }

    /** The bitmap of a chunk; {@link #NONE} when there is no room for another. */
    private long[] chunk(long key) {
        if (last != NONE && lastKey == key) {
            return last;
        }
        if (count * 2 >= keys.length) {
            grow();
        }
        int at = place(key);
        long[] found = bits[at];
        if (found == NONE) {
            if (count == CHUNKS_MAX) {
                return NONE;
            }
            found = new long[CHUNK_WORDS];
            bits[at] = found;
            keys[at] = key;
            count++;
        }
        lastKey = key;
        last = found;
        return found;
    }

    private int place(long key) {
        int mask = keys.length - 1;
        int at = Long.hashCode(key * 0x9e37_79b9_7f4a_7c15L) & mask;
        while (bits[at] != NONE && keys[at] != key) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        long[] oldKeys = keys;
        long[][] oldBits = bits;
        int capacity = Math.max(CHUNKS_FIRST, oldKeys.length * 2);
        keys = new long[capacity];
        bits = new long[capacity][];
        Arrays.fill(bits, NONE);
        for (int i = 0; i < oldKeys.length; i++) {
            long[] chunk = oldBits[i];
            if (chunk != NONE) {
                int at = place(oldKeys[i]);
                keys[at] = oldKeys[i];
                bits[at] = chunk;
            }
        }
    }
}

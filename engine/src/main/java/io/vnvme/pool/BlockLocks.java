package io.vnvme.pool;

/** Ranges of a volume's blocks that may not be written at the moment: few, and mostly none. */
final class BlockLocks {
    private long[] firsts = new long[4];
    private long[] ends = new long[4];
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether a block from {@code first} up to {@code end}, which is not one of them, is locked. */
    boolean intersects(long first, long end) {
        for (int i = 0; i < count; i++) {
            if (first < ends[i] && firsts[i] < end) {
                return true;
            }
        }
        return false;
    }

    void lock(long first, long end) {
        if (count == firsts.length) {
            firsts = java.util.Arrays.copyOf(firsts, count * 2);
            ends = java.util.Arrays.copyOf(ends, count * 2);
        }
        firsts[count] = first;
        ends[count++] = end;
    }

    void unlock(long first, long end) {
        for (int i = 0; i < count; i++) {
            if (firsts[i] == first && ends[i] == end) {
                count--;
                firsts[i] = firsts[count];
                ends[i] = ends[count];
                return;
            }
        }
        throw new IllegalStateException("blocks %d to %d are not locked".formatted(first, end));
    }
}

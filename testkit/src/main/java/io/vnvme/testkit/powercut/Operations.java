package io.vnvme.testkit.powercut;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Everything that changes sectors in one simulation, by number: what was written says who wrote it and where.
 *
 * <p>Numbers are positive for writes of data and negative for what makes zeros; 0 is the state before anything.
 */
final class Operations {
    static final long UNDER_WAY = Long.MAX_VALUE;
    private static final int SECTOR_BITS = 20;

    private long[] begunAt = new long[1024];
    private long[] endedAt = new long[1024];
    private final BitSet guarded = new BitSet();
    private int count = 1;
    private long moment = 1;

    /** The bytes, eight of them again and again, of a sector that operation {@code number} wrote. */
    static long stamp(int number, int sector) {
        return number <= 0 ? 0 : (long) number << SECTOR_BITS | sector;
    }

    /** The operation that left that stamp, if there is one that can have. */
    int number(long stamp) {
        long number = stamp >>> SECTOR_BITS;
        return number < count ? (int) number : 0;
    }

    static int sector(long stamp) {
        return (int) (stamp & (1 << SECTOR_BITS) - 1);
    }

    /** For people: whose stamp this is. */
    static String describe(long stamp) {
        return stamp == 0
                ? "zeros"
                : "sector %d of operation %d".formatted(stamp & (1 << SECTOR_BITS) - 1, stamp >>> SECTOR_BITS);
    }

    /** Moments count what happens; none comes twice. */
    long nextMoment() {
        return moment++;
    }

    /** @param checked on a volume with checksums */
    int begin(boolean zeros, boolean checked) {
        guarded.set(count, checked);
        return begin(zeros);
    }

    /** Whether what the operation wrote has checksums. */
    boolean guarded(int number) {
        return guarded.get(Math.abs(number));
    }

    private int begin(boolean zeros) {
        if (count == begunAt.length) {
            begunAt = Arrays.copyOf(begunAt, 2 * count);
            endedAt = Arrays.copyOf(endedAt, 2 * count);
        }
        begunAt[count] = nextMoment();
        endedAt[count] = UNDER_WAY;
        return zeros ? -count++ : count++;
    }

    void end(int number) {
        endedAt[Math.abs(number)] = nextMoment();
    }

    long begunAt(int number) {
        return begunAt[Math.abs(number)];
    }

    /** When it ended, {@link #UNDER_WAY} when it has not. */
    long endedAt(int number) {
        return endedAt[Math.abs(number)];
    }

    boolean ended(int number) {
        return endedAt[Math.abs(number)] != UNDER_WAY;
    }
}

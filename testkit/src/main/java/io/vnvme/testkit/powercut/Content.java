package io.vnvme.testkit.powercut;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a volume or a snapshot may hold, sector by sector: the operation that is certain to have happened last, and those
 * after it that a power cut may undo.
 *
 * <p>At most one operation is under way on a sector at a time, so that the later ones have an order.
 */
final class Content {
    private static final int BLOCK_SECTORS = 8;
    private static final int NONE = Integer.MIN_VALUE;
    /** No later operation; shared. */
    private static final int[] NOTHING = {0};

    private int[] settled;
    /** For each sector: how many later operations, then their numbers, oldest first. */
    private int[][] later;

    /** For each sector when an accident last happened to its block: what was written after it is all right. */
    private long @Nullable [] hurtAt;

    /** Blocks whose checksum the last crash left unknown; shared, and replaced as a whole. */
    private BitSet unchecked = new BitSet();

    private final BitSet unsettled = new BitSet();
    /** Snapshots under way. */
    private final List<Content> followers = new ArrayList<>();

    Content(int sectors) {
        settled = new int[sectors];
        later = new int[sectors][];
        Arrays.fill(later, NOTHING);
    }

    /** Makes room for at least that many sectors; new ones hold zeros. */
    void grow(int sectors) {
        if (sectors > settled.length) {
            settled = Arrays.copyOf(settled, sectors);
            int old = later.length;
            later = Arrays.copyOf(later, sectors);
            Arrays.fill(later, old, sectors, NOTHING);
        }
    }

    /** Sectors from that one on hold zeros for certain: they were cut off. */
    void truncate(int sectors) {
        Arrays.fill(settled, sectors, settled.length, 0);
        Arrays.fill(later, sectors, later.length, NOTHING);
        unsettled.clear(sectors, settled.length + 1);
    }

    /** True when a power cut could not change it, and there is only one way to read it. */
    boolean certain() {
        return unsettled.isEmpty();
    }

    /** What begins here from now on may be in {@code snapshot} as well. */
    void follow(Content snapshot) {
        followers.add(snapshot);
    }

    void unfollow(Content snapshot) {
        followers.remove(snapshot);
    }

    void forgetFollowers() {
        followers.clear();
    }

    /** An operation on that range begins. */
    void begin(int number, int first, int count) {
        for (int i = 0; i < followers.size(); i++) {
            Content snapshot = followers.get(i);
            snapshot.begin(number, first, Math.clamp(snapshot.settled.length - (long) first, 0, count));
        }
        for (int i = first; i < first + count; i++) {
            int[] numbers = later[i];
            if (numbers == NOTHING) {
                later[i] = new int[] {1, number, 0, 0};
            } else {
                if (numbers[0] + 1 == numbers.length) {
                    numbers = Arrays.copyOf(numbers, 2 * numbers.length);
                    later[i] = numbers;
                }
                numbers[++numbers[0]] = number;
            }
        }
        unsettled.set(first, first + count);
    }

    /** A flush ended that began at {@code mark}: what had ended before is certain. */
    void flushed(Operations operations, long mark) {
        for (int i = unsettled.nextSetBit(0); i >= 0; i = unsettled.nextSetBit(i + 1)) {
            int[] numbers = later[i];
            int certain = numbers[0];
            while (certain > 0 && operations.endedAt(numbers[certain]) >= mark) {
                certain--;
            }
            settle(i, numbers, certain);
        }
    }

    /** The operation, which covered that range, cannot be undone any more. */
    void durable(int number, int first, int count) {
        for (int i = first; i < first + count; i++) {
            int[] numbers = later[i];
            for (int k = 1; k <= numbers[0]; k++) {
                if (numbers[k] == number) {
                    settle(i, numbers, k);
                    break;
                }
            }
        }
    }

    /** The {@code certain}-th of the later operations is certain, those before it are gone. */
    private void settle(int sector, int[] numbers, int certain) {
        if (certain == 0) {
            return;
        }
        settled[sector] = numbers[certain];
        int left = numbers[0] - certain;
        if (left == 0) {
            later[sector] = NOTHING;
            unsettled.clear(sector);
        } else {
            System.arraycopy(numbers, certain + 1, numbers, 1, left);
            numbers[0] = left;
        }
    }

    /** What a read sees now if nothing is under way there: the operation that ended last. */
    int visible(Operations operations, int sector) {
        int[] numbers = later[sector];
        for (int k = numbers[0]; k > 0; k--) {
            if (operations.ended(numbers[k])) {
                return numbers[k];
            }
        }
        return settled[sector];
    }

    /** Something happened to the drive's block of that sector, at that moment. */
    void hurt(int sector, long moment) {
        long[] moments = hurtAt;
        if (moments == null || moments.length < settled.length) {
            moments = moments == null ? new long[settled.length] : Arrays.copyOf(moments, settled.length);
            hurtAt = moments;
        }
        int first = sector & -BLOCK_SECTORS;
        Arrays.fill(moments, first, Math.min(first + BLOCK_SECTORS, moments.length), moment);
        for (Content snapshot : followers) {
            if (sector < snapshot.settled.length) {
                snapshot.hurt(sector, moment);
            }
        }
    }

    /** Nothing is known of these blocks until they are read or written. */
    void unchecked(BitSet blocks) {
        unchecked = blocks;
    }

    /** Whether wrong data in that sector's block, if nobody has touched it since the last crash, is not seen. */
    boolean unchecked(int sector) {
        return unchecked.get(sector / BLOCK_SECTORS);
    }

    private boolean hurtSince(Operations operations, int number, int sector) {
        long[] moments = hurtAt;
        return moments != null && sector < moments.length && operations.begunAt(number) <= moments[sector];
    }

    /** Whether a power cut now may leave what an accident left. */
    boolean hurt(Operations operations, int sector) {
        return hurtSince(operations, settled[sector], sector);
    }

    /** Whether an accident may have left something else where it is open what was done last. */
    boolean doubtful(Operations operations) {
        for (int i = unsettled.nextSetBit(0);
                hurtAt != null && i >= 0 && i < settled.length;
                i = unsettled.nextSetBit(i + 1)) {
            if (hurt(operations, i)) {
                return true;
            }
        }
        return false;
    }

    /** Whether reading some of these sectors now may be an error. */
    boolean hurt(Operations operations, int from, int to) {
        if (hurtAt == null) {
            return false;
        }
        int end = Math.min((to + BLOCK_SECTORS - 1) & -BLOCK_SECTORS, settled.length);
        for (int i = from & -BLOCK_SECTORS; i < end; i++) {
            if (hurtSince(operations, visible(operations, i), i)) {
                return true;
            }
        }
        return false;
    }

    /** Whether that operation's data may be what is there, now or after a power cut. */
    boolean mayHold(int number, int sector) {
        if (sector >= settled.length) {
            return false;
        }
        boolean found = settled[sector] == number;
        int[] numbers = later[sector];
        for (int k = 1; k <= numbers[0]; k++) {
            found |= numbers[k] == number;
        }
        return found;
    }

    /** The first sector, from {@code from} on and before {@code sectors}, whose stamp cannot be after a cut now, or -1. */
    int mismatch(long[] stamps, int from, int sectors) {
        for (int i = from; i < sectors; i++) {
            if (stamps[i] != Operations.stamp(settled[i], i) && survivor(i, stamps[i]) == NONE) {
                return i;
            }
        }
        return -1;
    }

    /** The operation, of those that may be the last, that left that stamp. */
    private int survivor(int sector, long stamp) {
        int[] numbers = later[sector];
        for (int k = numbers[0]; k > 0; k--) {
            if (Operations.stamp(numbers[k], sector) == stamp) {
                return numbers[k];
            }
        }
        return Operations.stamp(settled[sector], sector) == stamp ? settled[sector] : NONE;
    }

    /** The stamps were read where nothing can change any more: they are what is certain. They match. */
    void pin(long[] stamps, int sectors) {
        for (int i = unsettled.nextSetBit(0); i >= 0 && i < sectors; i = unsettled.nextSetBit(i + 1)) {
            pin(i, stamps[i]);
        }
    }

    /** The same, but where an accident may have left something else: what is not known yet may be known later. */
    void pinSound(Operations operations, long[] stamps, int sectors) {
        for (int i = unsettled.nextSetBit(0); i >= 0 && i < sectors; i = unsettled.nextSetBit(i + 1)) {
            if (!hurt(operations, i)) {
                pin(i, stamps[i]);
            }
        }
    }

    private void pin(int sector, long stamp) {
        int survivor = survivor(sector, stamp);
        // Where an accident left something else, what should be there is not known from this.
        settled[sector] = survivor == NONE ? settled[sector] : survivor;
        later[sector] = NOTHING;
        unsettled.clear(sector);
    }

    /**
     * What a snapshot at this moment holds: what has ended is certain in it, what is under way may be in it or not.
     *
     * @param sectors the size of the volume
     */
    Content snapshot(Operations operations, int sectors) {
        Content copy = new Content(sectors);
        copy.hurtAt = copyOf(hurtAt, sectors);
        copy.unchecked = unchecked;
        for (int i = 0; i < sectors; i++) {
            copy.settled[i] = visible(operations, i);
        }
        for (int i = unsettled.nextSetBit(0); i >= 0 && i < sectors; i = unsettled.nextSetBit(i + 1)) {
            int[] numbers = later[i];
            int first = numbers[0];
            while (first > 0 && !operations.ended(numbers[first])) {
                first--;
            }
            // Of several the earlier ones have failed: each may have happened.
            for (int k = first + 1; k <= numbers[0]; k++) {
                copy.begin(numbers[k], i, 1);
            }
        }
        return copy;
    }

    /** The same, for a volume of its own. It is {@link #certain}. */
    Content copy() {
        Content copy = new Content(settled.length);
        System.arraycopy(settled, 0, copy.settled, 0, settled.length);
        copy.hurtAt = copyOf(hurtAt, settled.length);
        copy.unchecked = unchecked;
        return copy;
    }

    private static long @Nullable [] copyOf(long @Nullable [] moments, int sectors) {
        return moments == null ? null : Arrays.copyOf(moments, sectors);
    }

    /** What may be there, for people. */
    String describe(int sector) {
        StringBuilder text = new StringBuilder(Operations.describe(Operations.stamp(settled[sector], sector)));
        text.append(settled[sector] == 0 ? "" : " (operation " + settled[sector] + ")");
        int[] numbers = later[sector];
        for (int k = 1; k <= numbers[0]; k++) {
            text.append(" or ").append(Operations.describe(Operations.stamp(numbers[k], sector)));
            text.append(" (operation ").append(numbers[k]).append(')');
        }
        return text.toString();
    }
}

package io.vnvme.testkit.powercut;

import io.vnvme.testkit.sim.CutImage;
import java.util.Arrays;

/** What was computed of the blocks of one drive, for as long as they hold the same. */
final class KnownBlocks {
    private static final int BLOCK_SECTORS = 8;
    private static final long NO_TWEAK = -1;

    /** Sector by sector what the rest was computed of. */
    private final long[] contents;

    private final long[] stamps;
    /** The number of the volume's block that the stamps were decrypted for. */
    private final long[] tweaks;

    private final int[] sums;
    private final boolean[] summed;

    KnownBlocks(long driveBytes) {
        int blocks = (int) (driveBytes / (BLOCK_SECTORS * 512));
        contents = new long[blocks * BLOCK_SECTORS];
        Arrays.fill(contents, -1);
        stamps = new long[blocks * BLOCK_SECTORS];
        tweaks = new long[blocks];
        sums = new int[blocks];
        summed = new boolean[blocks];
    }

    /** Forgets what was computed of the block if the image shows another content. */
    void look(CutImage image, int block) {
        boolean same = true;
        for (int sector = block * BLOCK_SECTORS; sector < (block + 1) * BLOCK_SECTORS; sector++) {
            long content = image.content(sector);
            same &= content >= 0 && content == contents[sector];
            contents[sector] = content;
        }
        if (!same) {
            tweaks[block] = NO_TWEAK;
            summed[block] = false;
        }
    }

    /** Whether the stamps are known that the block has as that block of a volume; puts them into {@code target}. */
    boolean stamps(int block, long tweak, long[] target, int at) {
        if (tweaks[block] != tweak) {
            return false;
        }
        System.arraycopy(stamps, block * BLOCK_SECTORS, target, at, BLOCK_SECTORS);
        return true;
    }

    void keepStamps(int block, long tweak, long[] source, int at) {
        tweaks[block] = tweak;
        System.arraycopy(source, at, stamps, block * BLOCK_SECTORS, BLOCK_SECTORS);
    }

    boolean summed(int block) {
        return summed[block];
    }

    int sum(int block) {
        return sums[block];
    }

    void keepSum(int block, int sum) {
        summed[block] = true;
        sums[block] = sum;
    }
}

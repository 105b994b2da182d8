package io.vnvme.testkit.sim;

import java.util.Arrays;

/**
 * What was read of a {@link CutImage}, and what was there, sector by sector, as numbers of {@link CutImage#content}. Whoever
 * decides by what he reads alone, and would read the same of another image, does the same with that one.
 */
public final class ReadLog {
    /** Content of what cannot be read. */
    static final long UNREADABLE = -1;
    /** Content of what the reader wrote himself: what was read before says what it is. */
    static final long OWN = -2;

    /** First sector and number of sectors of each read. */
    private int[] ranges = new int[16];

    private int rangeCount;
    private long[] contents = new long[512];
    private int contentCount;

    void add(CutImage image, int firstSector, int sectorCount) {
        if (2 * rangeCount == ranges.length) {
            ranges = Arrays.copyOf(ranges, 2 * ranges.length);
        }
        ranges[2 * rangeCount] = firstSector;
        ranges[2 * rangeCount + 1] = sectorCount;
        rangeCount++;
        if (contentCount + sectorCount > contents.length) {
            contents = Arrays.copyOf(contents, Math.max(2 * contents.length, contentCount + sectorCount));
        }
        for (int i = 0; i < sectorCount; i++) {
            contents[contentCount++] = image.content(firstSector + i);
        }
    }

    /** Whether the same would be read of an image to which nothing was written yet. */
    public boolean matches(CutImage image) {
        int at = 0;
        for (int range = 0; range < rangeCount; range++) {
            int first = ranges[2 * range];
            int end = first + ranges[2 * range + 1];
            for (int sector = first; sector < end; sector++, at++) {
                if (contents[at] != OWN && contents[at] != image.content(sector)) {
                    return false;
                }
            }
        }
        return true;
    }
}

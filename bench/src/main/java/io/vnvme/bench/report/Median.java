package io.vnvme.bench.report;

import java.util.Arrays;

/** The middle of a few measurements. */
public final class Median {
    private Median() {}

    /** The median; of an even count, the mean of the middle two. */
    public static double of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return ofSorted(sorted);
    }

    static double ofSorted(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

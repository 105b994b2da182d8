package io.vnvme.testkit.powercut;

import java.util.BitSet;
import java.util.Map;

/** What was found on drives after a power cut. */
public interface Recovered {
    /** Every volume ({@code NAME}) and snapshot ({@code NAME@SNAP}) with its size in bytes. */
    Map<String, Long> sizes();

    /** Reads the first eight bytes of each sector of a volume or snapshot, as many as {@code stamps} has room for. */
    void read(String name, long[] stamps, int sectors);

    /**
     * Says which blocks of 4 KiB of a volume or snapshot whoever reads them finds to be wrong.
     *
     * @param wrong gets the blocks of which reading is an error
     * @param unknown gets the blocks of which nothing is known: they are taken as they are
     */
    default void judge(String name, BitSet wrong, BitSet unknown) {}

    /**
     * Looks whether what is on the drives agrees with itself: each cluster is used once, none is lost.
     *
     * @throws AssertionError that says what does not
     */
    void check();

    /** Clusters in use. */
    long usedClusters();

    /** Whether an earlier cut had left all that this was found by, so that nothing was loaded anew. */
    default boolean known() {
        return false;
    }
}

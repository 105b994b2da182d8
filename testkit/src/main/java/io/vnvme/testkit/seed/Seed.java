package io.vnvme.testkit.seed;

import java.util.SplittableRandom;

/**
 * A 64-bit seed. Without {@code -Dvnvme.seed=N} each start takes a new one from the clock; with it, the same numbers come again.
 *
 * @param value the seed itself
 */
public record Seed(long value) {
    private static final String PROPERTY = "vnvme.seed";

    /** Returns the seed of this run, and prints it so that a failure can be replayed. */
    public static Seed ofRun(String name) {
        Seed seed = fixed() ? new Seed(Long.decode(System.getProperty(PROPERTY))) : fresh();
        System.out.println(name + ": " + seed);
        return seed;
    }

    /** Returns a seed from the clock. */
    public static Seed fresh() {
        return new Seed(mix(System.nanoTime()));
    }

    /** Returns whether the seed was given on the command line. */
    public static boolean fixed() {
        return System.getProperty(PROPERTY) != null;
    }

    /** Returns the seed of round {@code index}; round 0 has this seed itself, so that a printed round is replayed as the first one. */
    public Seed round(long index) {
        return index == 0 ? this : new Seed(mix(value + index * 0x9E3779B97F4A7C15L));
    }

    /** Returns a new generator that begins at this seed. */
    public SplittableRandom random() {
        return new SplittableRandom(value);
    }

    @Override
    public String toString() {
        return "-Dvnvme.seed=" + value;
    }

    /** The finalizer of SplitMix64: near seeds give unrelated ones. */
    private static long mix(long z) {
        long x = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
        return x ^ (x >>> 31);
    }
}

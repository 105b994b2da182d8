package io.vnvme.testkit.powercut;

import io.vnvme.testkit.seed.Seed;
import java.util.Locale;
import java.util.SplittableRandom;

/** What kinds of pools are simulated. */
public enum PoolKind {
    /** One to three drives with blocks of 512 bytes. */
    PLAIN,
    /** Drives with blocks of 4096 bytes, used by sectors. */
    BLOCKS,
    /** Drives come and leave while the pool is in use. */
    RESHAPED,
    /** Two or three drives with the same content, of which one dies now and then, comes back, or is exchanged. */
    MIRRORED,
    /** Volumes with checksums, encrypted or not. */
    GUARDED,
    /** Volumes with checksums, on a drive that loses writes or puts them elsewhere. */
    FAULTY,
    /** Everything at once, by chance. */
    MIXED;

    private static final PoolKind[] KINDS = values();
    /** So that a simulation's kind and the first of its random numbers have nothing to do with each other. */
    private static final long ROUND = 1L << 32;

    /** The kind that a simulation with that seed is of. */
    public static PoolKind of(Seed seed) {
        return KINDS[seed.round(ROUND).random().nextInt(KINDS.length)];
    }

    /** For commands: {@code mirrored}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * What a pool has.
     *
     * @param wide drives have blocks of 4096 bytes
     * @param torn a power cut tears sectors of 512 bytes, whatever the blocks are
     * @param replicas drives of each set
     */
    record Traits(
            boolean wide,
            boolean torn,
            boolean reshaped,
            int replicas,
            boolean checksums,
            boolean encrypted,
            boolean faulty) {
        static final Traits NONE = new Traits(false, false, false, 1, false, false, false);
    }

    Traits traits(SplittableRandom random) {
        boolean wide = random.nextInt(4) == 0;
        boolean torn = random.nextBoolean();
        boolean reshaped = random.nextInt(3) == 0;
        int replicas = 2 + random.nextInt(2);
        int copies = random.nextBoolean() ? 1 : replicas;
        boolean encrypted = random.nextInt(3) == 0;
        return switch (this) {
            case PLAIN -> Traits.NONE;
            case BLOCKS -> new Traits(true, torn, false, 1, false, false, false);
            case RESHAPED -> new Traits(false, torn, true, 1, false, false, false);
            case MIRRORED -> new Traits(false, torn, false, replicas, false, false, false);
            case GUARDED -> new Traits(false, torn, false, 1, !encrypted || random.nextBoolean(), encrypted, false);
            case FAULTY -> new Traits(wide, torn, false, copies, true, false, true);
            case MIXED -> new Traits(wide, torn, reshaped, copies, random.nextBoolean(), encrypted, false);
        };
    }
}

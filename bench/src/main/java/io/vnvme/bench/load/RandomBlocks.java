package io.vnvme.bench.load;

/** Block numbers drawn evenly from a drive: xorshift64*, the same sequence for every way that is measured. */
public final class RandomBlocks {
    private static final long SEED = 0x9E37_79B9_7F4A_7C15L;
    private static final long MULTIPLIER = 0x2545_F491_4F6C_DD1DL;

    private final long blocks;
    private long state;

    public RandomBlocks(long blocks) {
        this(blocks, SEED);
    }

    /** @param seed other than 0; sequences of different seeds have nothing to do with each other */
    public RandomBlocks(long blocks, long seed) {
        if (blocks <= 0) {
            throw new IllegalArgumentException("a drive of " + blocks + " blocks");
        }
        this.blocks = blocks;
        this.state = seed;
    }

    /** A number from 0 to below the count of blocks. */
    public long next() {
        state ^= state >>> 12;
        state ^= state << 25;
        state ^= state >>> 27;
        return Math.unsignedMultiplyHigh(state * MULTIPLIER, blocks);
    }
}

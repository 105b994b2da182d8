package io.vnvme.bench;

/** Block numbers in random order: xorshift64*, one a nanosecond, the same for every way that is compared. */
final class RandomBlocks {
    private static final long MULTIPLIER = 0x2545F4914F6CDD1DL;

    private final long count;
    private long state = 0x9E3779B97F4A7C15L;

    /** @param count at most 2^31 */
    RandomBlocks(long count) {
        this.count = count;
    }

    long next() {
        long x = state;
        x ^= x >>> 12;
        x ^= x << 25;
        x ^= x >>> 27;
        state = x;
        return (((x * MULTIPLIER) >>> 32) * count) >>> 32;
    }
}

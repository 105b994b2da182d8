package io.vnvme.crypto;

/**
 * What one guess of a passphrase costs (RFC 9106, section 3.1). The bounds keep a damaged slot from taking the host's memory.
 *
 * @param iterations passes over the memory, 1 to 1000
 * @param memoryKib 8 times the lanes, to 2 GiB
 * @param lanes degree of parallelism, 1 to 16
 */
public record Argon2Cost(int iterations, int memoryKib, int lanes) {
    /** RFC 9106, section 4, second recommendation: 64 MiB in place of 2 GiB. */
    public static final Argon2Cost DEFAULT = new Argon2Cost(3, 64 << 10, 4);

    private static final int MAX_ITERATIONS = 1000;
    private static final int MAX_MEMORY_KIB = 2 << 20;
    private static final int MAX_LANES = 16;

    public Argon2Cost {
        if (iterations < 1
                || iterations > MAX_ITERATIONS
                || lanes < 1
                || lanes > MAX_LANES
                || memoryKib < 8 * lanes
                || memoryKib > MAX_MEMORY_KIB) {
            throw new CryptoException(
                    "Argon2 with %d passes, %d KiB, %d lanes".formatted(iterations, memoryKib, lanes));
        }
    }
}

package io.vnvme.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The 512-bit key of one volume: two AES-256 keys, for the data and for the tweak (IEEE 1619). Its snapshots and clones
 * have the same.
 *
 * <p>It lies outside the heap, where no garbage collector copies it, and is zeroed on {@link #close}.
 */
public final class VolumeKey implements AutoCloseable {
    public static final int SIZE = 64;
    private static final int HALF = SIZE / 2;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes = arena.allocate(SIZE);

    private VolumeKey() {}

    /** A new random key. */
    public static VolumeKey random(SecureRandom random) {
        byte[] bytes = new byte[SIZE];
        do {
            random.nextBytes(bytes);
        } while (halvesEqual(bytes));
        return of(bytes);
    }

    /**
     * Takes the key over from {@code bytes}, which are zeroed.
     *
     * @throws CryptoException when these are not 64 bytes, or both halves are equal: XTS with one key for both purposes
     *     is not what its proof is about (FIPS 140 IG C.I)
     */
    public static VolumeKey of(byte[] bytes) {
        try {
            if (bytes.length != SIZE) {
                throw new CryptoException("a volume key has %d bytes, not %d".formatted(SIZE, bytes.length));
            }
            if (halvesEqual(bytes)) {
                throw new CryptoException("both halves of the volume key are equal");
            }
            VolumeKey key = new VolumeKey();
            MemorySegment.copy(bytes, 0, key.bytes, ValueLayout.JAVA_BYTE, 0, SIZE);
            return key;
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** @throws CryptoException as {@link #of} */
    public static VolumeKey copyOf(MemorySegment from) {
        return of(from.toArray(ValueLayout.JAVA_BYTE));
    }

    /** For memory that nobody looks at who should not have the key. */
    public void copyTo(MemorySegment secret) {
        secret.copyFrom(bytes());
    }

    private static boolean halvesEqual(byte[] bytes) {
        int difference = 0;
        for (int i = 0; i < HALF; i++) {
            difference |= bytes[i] ^ bytes[HALF + i];
        }
        return difference == 0;
    }

    /** The key itself. @throws IllegalStateException after {@link #close} */
    MemorySegment bytes() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("the volume key is closed");
        }
        return bytes;
    }

    public boolean sameAs(VolumeKey other) {
        int difference = 0;
        for (int i = 0; i < SIZE; i++) {
            difference |= bytes().get(ValueLayout.JAVA_BYTE, i) ^ other.bytes().get(ValueLayout.JAVA_BYTE, i);
        }
        return difference == 0;
    }

    /** Forgets the key; a second call does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            bytes.fill((byte) 0);
            arena.close();
        }
    }
}

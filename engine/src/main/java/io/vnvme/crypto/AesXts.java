package io.vnvme.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * AES-XTS with a 512-bit key (IEEE 1619-2018, NIST SP 800-38E) over whole data units. The tweak of a unit is its number,
 * little endian.
 *
 * <p>One thread uses one of these. Nothing is allocated for a call. The memory has to be the engine's own: libcrypto touches
 * it directly, so memory that another process can take away would end the daemon instead of throwing.
 */
public final class AesXts implements AutoCloseable {
    private static final int TWEAK_SIZE = 16;
    private static final ValueLayout.OfLong LITTLE_ENDIAN_LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** What the cipher keeps as it is. */
    private static final int UNCHANGED = -1;

    private final int unitBytes;
    private final Arena arena = Arena.ofShared();
    /** The tweak, then libcrypto's "bytes written" of each call. */
    private final MemorySegment scratch = arena.allocate(TWEAK_SIZE + Integer.BYTES, TWEAK_SIZE);

    private final long tweakAddress = scratch.address();
    private final long writtenAddress = tweakAddress + TWEAK_SIZE;
    private long encrypting;
    private long decrypting;

    /**
     * @param key is not needed any more afterwards
     * @param unitBytes 512 or 4096
     * @throws CryptoException when libcrypto is missing
     */
    public AesXts(VolumeKey key, int unitBytes) {
        if (unitBytes != 512 && unitBytes != 4096) {
            throw new IllegalArgumentException("data unit of %d bytes: 512 or 4096".formatted(unitBytes));
        }
        this.unitBytes = unitBytes;
        long cipher = Cipher.fetch("AES-256-XTS");
        try {
            encrypting = Cipher.keyed(cipher, key.bytes().address(), Cipher.ENCRYPT);
            decrypting = Cipher.keyed(cipher, key.bytes().address(), Cipher.DECRYPT);
        } finally {
            Reference.reachabilityFence(key);
        }
    }

    private AesXts(AesXts other) {
        unitBytes = other.unitBytes;
        encrypting = Cipher.copy(other.encrypting);
        decrypting = Cipher.copy(other.decrypting);
    }

    /** Another one with the same key, for another thread. On the thread of this one. */
    public AesXts copy() {
        if (closed()) {
            throw new IllegalStateException("the cipher is closed");
        }
        return new AesXts(this);
    }

    public int unitBytes() {
        return unitBytes;
    }

    /**
     * Encrypts whole units from one place to another, which may be the same.
     *
     * @param unit number of the first unit
     * @param lengthBytes a multiple of the unit
     */
    public void encrypt(
            MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long lengthBytes, long unit) {
        run(encrypting, from, fromOffset, to, toOffset, lengthBytes, unit);
    }

    /** The reverse of {@link #encrypt}. */
    public void decrypt(
            MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long lengthBytes, long unit) {
        run(decrypting, from, fromOffset, to, toOffset, lengthBytes, unit);
    }

    private void run(
            long context,
            MemorySegment from,
            long fromOffset,
            MemorySegment to,
            long toOffset,
            long lengthBytes,
            long unit) {
        Objects.checkFromIndexSize(fromOffset, lengthBytes, from.byteSize());
        Objects.checkFromIndexSize(toOffset, lengthBytes, to.byteSize());
        if (context == 0) {
            throw new IllegalStateException("the cipher is closed");
        }
        if (lengthBytes % unitBytes != 0 || !from.isNative() || !to.isNative()) {
            throw new IllegalArgumentException("%d bytes at %s and %s: whole units of %d in native memory needed"
                    .formatted(lengthBytes, from, to, unitBytes));
        }
        long source = from.address() + fromOffset;
        long target = to.address() + toOffset;
        try {
            for (long done = 0; done < lengthBytes; done += unitBytes) {
                scratch.set(LITTLE_ENDIAN_LONG, 0, unit + done / unitBytes);
                one(context, source + done, target + done);
            }
        } finally {
            Reference.reachabilityFence(from);
            Reference.reachabilityFence(to);
        }
    }

    private void one(long context, long source, long target) {
        try {
            int init = (int) LibCrypto.CIPHER_INIT_SHORT.invokeExact(context, 0L, 0L, tweakAddress, UNCHANGED, 0L);
            int update =
                    (int) LibCrypto.CIPHER_UPDATE_SHORT.invokeExact(context, target, writtenAddress, source, unitBytes);
            if (init != 1 || update != 1 || scratch.get(ValueLayout.JAVA_INT, TWEAK_SIZE) != unitBytes) {
                throw new CryptoException("libcrypto failed on a data unit");
            }
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }

    /** True when the keys are gone. */
    public boolean closed() {
        return encrypting == 0;
    }

    /** Frees the contexts, which clears the keys in them; a second call does nothing. */
    @Override
    public void close() {
        if (encrypting != 0) {
            Cipher.free(encrypting);
            Cipher.free(decrypting);
            encrypting = 0;
            decrypting = 0;
            arena.close();
        }
    }
}

package io.vnvme.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Wraps a volume key under another key with AES-256-GCM (NIST SP 800-38D).
 *
 * <p>By libcrypto and outside the heap: the JDK's ciphers keep expanded keys that nobody can clear.
 */
final class KeyWrap {
    static final int KEK_SIZE = 32;
    static final int NONCE_SIZE = 12;
    static final int TAG_SIZE = 16;
    /** The encrypted volume key and its tag. */
    static final int WRAPPED_SIZE = VolumeKey.SIZE + TAG_SIZE;

    private static final int GCM_GET_TAG = 0x10;
    private static final int GCM_SET_TAG = 0x11;

    private KeyWrap() {}

    /**
     * @param kek 32 bytes, zeroed when this returns
     * @param associated what the wrapped key is bound to; a change of it makes {@link #unwrap} fail
     */
    static byte[] wrap(VolumeKey key, byte[] kek, byte[] nonce, byte[] associated) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment wrapped = arena.allocate(WRAPPED_SIZE);
            long context = context(arena, kek, nonce, associated, Cipher.ENCRYPT);
            try {
                long body = wrapped.address();
                update(arena, context, body, key.bytes().address(), VolumeKey.SIZE);
                if (!end(arena, context, body) || !control(context, GCM_GET_TAG, wrapped.address() + VolumeKey.SIZE)) {
                    throw new CryptoException("libcrypto cannot wrap the volume key");
                }
            } finally {
                Cipher.free(context);
            }
            return wrapped.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /**
     * @param kek 32 bytes, zeroed when this returns
     * @return the key, or null when it is another key that this was wrapped with, or something was changed
     */
    static @Nullable VolumeKey unwrap(byte[] wrapped, byte[] kek, byte[] nonce, byte[] associated) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment secret = arena.allocate(WRAPPED_SIZE);
            MemorySegment.copy(wrapped, 0, secret, ValueLayout.JAVA_BYTE, 0, WRAPPED_SIZE);
            long context = context(arena, kek, nonce, associated, Cipher.DECRYPT);
            try {
                long body = secret.address();
                update(arena, context, body, body, VolumeKey.SIZE);
                boolean authentic = control(context, GCM_SET_TAG, body + VolumeKey.SIZE) && end(arena, context, body);
                return authentic
                        ? VolumeKey.of(secret.asSlice(0, VolumeKey.SIZE).toArray(ValueLayout.JAVA_BYTE))
                        : null;
            } finally {
                Cipher.free(context);
                secret.fill((byte) 0);
            }
        }
    }

    private static long context(Arena arena, byte[] kek, byte[] nonce, byte[] associated, int direction) {
        MemorySegment key = arena.allocateFrom(ValueLayout.JAVA_BYTE, kek);
        Arrays.fill(kek, (byte) 0);
        long context = Cipher.keyed(Cipher.fetch("AES-256-GCM"), key.address(), direction);
        key.fill((byte) 0);
        try {
            MemorySegment iv = arena.allocateFrom(ValueLayout.JAVA_BYTE, nonce);
            int init = (int) LibCrypto.CIPHER_INIT.invokeExact(context, 0L, 0L, iv.address(), -1, 0L);
            if (init != 1) {
                throw new CryptoException("libcrypto refuses the nonce");
            }
            MemorySegment bound = arena.allocateFrom(ValueLayout.JAVA_BYTE, associated);
            // No output: what is associated is authenticated, not encrypted.
            update(arena, context, 0, bound.address(), associated.length);
            return context;
        } catch (Throwable e) {
            Cipher.free(context);
            throw LibCrypto.unexpected(e);
        }
    }

    private static void update(Arena arena, long context, long target, long source, int lengthBytes) {
        try {
            long written = arena.allocate(ValueLayout.JAVA_INT).address();
            int done = (int) LibCrypto.CIPHER_UPDATE.invokeExact(context, target, written, source, lengthBytes);
            if (done != 1) {
                throw new CryptoException("libcrypto cannot wrap the volume key");
            }
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }

    /** GCM adds nothing to the text at its end; decrypting, this is where the tag is compared. */
    private static boolean end(Arena arena, long context, long target) {
        try {
            long written = arena.allocate(ValueLayout.JAVA_INT).address();
            return (int) LibCrypto.CIPHER_FINAL.invokeExact(context, target, written) == 1;
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }

    private static boolean control(long context, int type, long address) {
        try {
            return (int) LibCrypto.CONTEXT_CONTROL.invokeExact(context, type, TAG_SIZE, address) == 1;
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }
}

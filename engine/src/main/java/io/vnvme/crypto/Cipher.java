package io.vnvme.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Makes contexts of libcrypto's ciphers; a failure is an exception that names the algorithm. */
final class Cipher {
    static final int DECRYPT = 0;
    static final int ENCRYPT = 1;

    private Cipher() {}

    /** Returns the address of a cipher that stays for the life of the process. */
    static long fetch(String algorithm) {
        CryptoLibrary.require();
        try (Arena arena = Arena.ofConfined()) {
            long cipher = (long) LibCrypto.CIPHER_FETCH.invokeExact(
                    MemorySegment.NULL, arena.allocateFrom(algorithm), MemorySegment.NULL);
            if (cipher == 0) {
                throw new CryptoException("libcrypto does not have " + algorithm);
            }
            return cipher;
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }

    /** Returns the address of a context that is keyed; the iv comes with each use. */
    static long keyed(long cipher, long keyAddress, int direction) {
        try {
            long context = (long) LibCrypto.CONTEXT_NEW.invokeExact();
            if (context == 0) {
                throw new CryptoException("libcrypto: no memory for a cipher context");
            }
            int done = (int) LibCrypto.CIPHER_INIT.invokeExact(context, cipher, keyAddress, 0L, direction, 0L);
            if (done != 1) {
                free(context);
                throw new CryptoException("libcrypto refuses the key");
            }
            return context;
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }

    /** Returns the address of another context with the same key. */
    static long copy(long keyed) {
        try {
            long context = (long) LibCrypto.CONTEXT_NEW.invokeExact();
            if (context == 0) {
                throw new CryptoException("libcrypto: no memory for a cipher context");
            }
            int done = (int) LibCrypto.CONTEXT_COPY.invokeExact(context, keyed);
            if (done != 1) {
                free(context);
                throw new CryptoException("libcrypto cannot copy a cipher context");
            }
            return context;
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }

    static void free(long context) {
        try {
            LibCrypto.CONTEXT_FREE.invokeExact(context);
        } catch (Throwable e) {
            throw LibCrypto.unexpected(e);
        }
    }
}

package io.vnvme.crypto;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The functions of OpenSSL 3's {@code libcrypto.so.3} that vNVMe calls (EVP_EncryptInit(3)).
 *
 * <p>Addresses are passed as longs: no slice of a segment is made for a call, and no shared arena is locked for it. Who
 * calls has checked the bounds and keeps the memory alive.
 */
final class LibCrypto {
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfLong ADDRESS = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LOOKUP = CryptoLibrary.find();

    /** {@code EVP_CIPHER *EVP_CIPHER_fetch(OSSL_LIB_CTX *, const char *algorithm, const char *properties)}. */
    static final MethodHandle CIPHER_FETCH = handle("EVP_CIPHER_fetch", ADDRESS, POINTER, POINTER, POINTER);

    /** {@code EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void)}. */
    static final MethodHandle CONTEXT_NEW = handle("EVP_CIPHER_CTX_new", ADDRESS);

    /** {@code void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *)}: clears what secrets the context holds. */
    static final MethodHandle CONTEXT_FREE =
            LINKER.downcallHandle(LOOKUP.findOrThrow("EVP_CIPHER_CTX_free"), FunctionDescriptor.ofVoid(ADDRESS));

    /** {@code int EVP_CIPHER_CTX_copy(EVP_CIPHER_CTX *to, const EVP_CIPHER_CTX *from)}. */
    static final MethodHandle CONTEXT_COPY = handle("EVP_CIPHER_CTX_copy", INT, ADDRESS, ADDRESS);

    /** {@code int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *, int type, int arg, void *pointer)}. */
    static final MethodHandle CONTEXT_CONTROL = handle("EVP_CIPHER_CTX_ctrl", INT, ADDRESS, INT, INT, ADDRESS);

    /** {@code int EVP_CipherInit_ex2(EVP_CIPHER_CTX *, const EVP_CIPHER *, key, iv, int enc, const OSSL_PARAM *)}. */
    static final MethodHandle CIPHER_INIT =
            handle("EVP_CipherInit_ex2", INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, INT, ADDRESS);

    /** {@code int EVP_CipherUpdate(EVP_CIPHER_CTX *, out, int *outLength, in, int inLength)}. */
    static final MethodHandle CIPHER_UPDATE = handle("EVP_CipherUpdate", INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, INT);

    /** {@code int EVP_CipherFinal_ex(EVP_CIPHER_CTX *, out, int *outLength)}. */
    static final MethodHandle CIPHER_FINAL = handle("EVP_CipherFinal_ex", INT, ADDRESS, ADDRESS, ADDRESS);

    /**
     * The same two for the data path: without a change of the thread's state, which a call of well under a microsecond would
     * spend a tenth of its time on. Such a call holds up safepoints, so one covers one data unit, 4 KiB at most.
     */
    static final MethodHandle CIPHER_INIT_SHORT =
            critical("EVP_CipherInit_ex2", INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, INT, ADDRESS);

    static final MethodHandle CIPHER_UPDATE_SHORT =
            critical("EVP_CipherUpdate", INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, INT);

    private LibCrypto() {}

    private static MethodHandle handle(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(LOOKUP.findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }

    private static MethodHandle critical(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(
                LOOKUP.findOrThrow(name), FunctionDescriptor.of(result, arguments), Linker.Option.critical(false));
    }

    /** For the catch clause that {@code invokeExact} demands: a downcall itself throws nothing but errors. */
    static RuntimeException unexpected(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            return runtime;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }
}

package io.vnvme.fabrics.tls;

import io.vnvme.crypto.CryptoLibrary;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** The functions of OpenSSL 3's {@code libssl.so.3} that are called here (ssl(7)). Addresses are longs. */
final class LibSsl {
    static final String NAME = "libssl.so.3";

    static final int TLS_1_3 = 0x0304;
    static final int ERROR_WANT_READ = 2;
    static final int ERROR_WANT_WRITE = 3;

    // SSL_CTX_ctrl(3).
    static final int CONTROL_MODE = 33;
    static final int CONTROL_READ_AHEAD = 41;
    static final int CONTROL_MIN_VERSION = 123;
    /** SSL_write may end after a record, and be called again with another address of the same bytes. */
    static final long MODE_PARTIAL_AND_MOVING = 1 | 2;

    private static final ValueLayout.OfLong ADDRESS = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup SSL = CryptoLibrary.find(NAME);
    private static final SymbolLookup CRYPTO = CryptoLibrary.find("libcrypto.so.3");

    static final MethodHandle TLS_SERVER_METHOD = handle("TLS_server_method", ADDRESS);
    static final MethodHandle TLS_CLIENT_METHOD = handle("TLS_client_method", ADDRESS);
    static final MethodHandle CONTEXT_NEW = handle("SSL_CTX_new", ADDRESS, ADDRESS);
    static final MethodHandle CONTEXT_FREE = handle("SSL_CTX_free", null, ADDRESS);
    static final MethodHandle CONTEXT_CONTROL = handle("SSL_CTX_ctrl", ADDRESS, ADDRESS, INT, ADDRESS, ADDRESS);
    static final MethodHandle CONTEXT_SUITES = handle("SSL_CTX_set_ciphersuites", INT, ADDRESS, ADDRESS);
    static final MethodHandle CONTEXT_TICKETS = handle("SSL_CTX_set_num_tickets", INT, ADDRESS, ADDRESS);
    static final MethodHandle CONTEXT_FIND = handle("SSL_CTX_set_psk_find_session_callback", null, ADDRESS, ADDRESS);
    static final MethodHandle CONTEXT_USE = handle("SSL_CTX_set_psk_use_session_callback", null, ADDRESS, ADDRESS);
    static final MethodHandle CONTEXT_HELLO = handle("SSL_CTX_set_client_hello_cb", null, ADDRESS, ADDRESS, ADDRESS);
    static final MethodHandle HELLO_EXTENSION =
            handle("SSL_client_hello_get0_ext", INT, ADDRESS, INT, ADDRESS, ADDRESS);
    static final MethodHandle SET_SUITES = handle("SSL_set_ciphersuites", INT, ADDRESS, ADDRESS);
    static final MethodHandle NEW = handle("SSL_new", ADDRESS, ADDRESS);
    static final MethodHandle FREE = handle("SSL_free", null, ADDRESS);
    static final MethodHandle SET_FD = handle("SSL_set_fd", INT, ADDRESS, INT);
    static final MethodHandle ACCEPT = handle("SSL_accept", INT, ADDRESS);
    static final MethodHandle CONNECT = handle("SSL_connect", INT, ADDRESS);
    static final MethodHandle READ = handle("SSL_read", INT, ADDRESS, ADDRESS, INT);
    static final MethodHandle WRITE = handle("SSL_write", INT, ADDRESS, ADDRESS, INT);
    static final MethodHandle HAS_PENDING = handle("SSL_has_pending", INT, ADDRESS);
    static final MethodHandle GET_ERROR = handle("SSL_get_error", INT, ADDRESS, INT);
    static final MethodHandle SESSION_REUSED = handle("SSL_session_reused", INT, ADDRESS);
    static final MethodHandle CIPHER_FIND = handle("SSL_CIPHER_find", ADDRESS, ADDRESS, ADDRESS);
    static final MethodHandle SESSION_NEW = handle("SSL_SESSION_new", ADDRESS);
    static final MethodHandle SESSION_KEY = handle("SSL_SESSION_set1_master_key", INT, ADDRESS, ADDRESS, ADDRESS);
    static final MethodHandle SESSION_CIPHER = handle("SSL_SESSION_set_cipher", INT, ADDRESS, ADDRESS);
    static final MethodHandle SESSION_VERSION = handle("SSL_SESSION_set_protocol_version", INT, ADDRESS, INT);
    static final MethodHandle CLEAR_ERRORS =
            LINKER.downcallHandle(CRYPTO.findOrThrow("ERR_clear_error"), FunctionDescriptor.ofVoid());

    private LibSsl() {}

    private static MethodHandle handle(String name, @Nullable MemoryLayout result, MemoryLayout... arguments) {
        FunctionDescriptor type =
                result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments);
        return LINKER.downcallHandle(SSL.findOrThrow(name), type);
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

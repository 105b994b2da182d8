package io.vnvme.fabrics.tls;

import io.vnvme.crypto.CryptoLibrary;
import io.vnvme.os.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What connections of one side have in common: TLS 1.3 alone, the two cipher suites of NVMe/TCP, and where keys come from.
 *
 * <p>Handshakes are made by one thread at a time; what they lead to may then be any thread's.
 */
public final class TlsContext implements AutoCloseable {
    private static final String SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
    private static final int IDENTITY_BYTES_MAX = 1024;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final boolean server;
    private final Function<String, Optional<TlsPsk>> keys;
    /**
     * As long as this lives, which connections see to: the callback, and the identity that a client gives away. To close an arena
     * would stop every thread for a moment.
     */
    private final Arena arena = Arena.ofAuto();

    private final @Nullable TlsPsk clientKey;
    private final MemorySegment clientIdentity;

    private final long context;
    /** Whose handshake calls back. */
    private @Nullable TlsSocket handshaking;

    /**
     * Whether this host can do it is known before it is needed.
     *
     * @throws io.vnvme.crypto.CryptoException with what is missing and what to do about it
     */
    public static void requireLibrary() {
        CryptoLibrary.find(LibSsl.NAME);
    }

    private TlsContext(String suites, Function<String, Optional<TlsPsk>> keys, @Nullable TlsPsk clientKey) {
        this.server = clientKey == null;
        this.keys = keys;
        this.clientKey = clientKey;
        clientIdentity = clientKey == null ? MemorySegment.NULL : arena.allocateFrom(clientKey.identity());
        // First, since what is missing would come out of a class that is being initialized as an error.
        requireLibrary();
        try {
            long method = server
                    ? (long) LibSsl.TLS_SERVER_METHOD.invokeExact()
                    : (long) LibSsl.TLS_CLIENT_METHOD.invokeExact();
            context = (long) LibSsl.CONTEXT_NEW.invokeExact(method);
            require(context != 0);
            control(LibSsl.CONTROL_MIN_VERSION, LibSsl.TLS_1_3);
            control(LibSsl.CONTROL_MODE, LibSsl.MODE_PARTIAL_AND_MOVING);
            long ahead = (long) LibSsl.CONTEXT_CONTROL.invokeExact(context, LibSsl.CONTROL_READ_AHEAD, 1L, 0L);
            require(ahead == 0);
            MemorySegment names = arena.allocateFrom(suites);
            require((int) LibSsl.CONTEXT_SUITES.invokeExact(context, names.address()) == 1);
            // A resumed session would come without its key being asked for again.
            require((int) LibSsl.CONTEXT_TICKETS.invokeExact(context, 0L) == 1);
            if (server) {
                LibSsl.CONTEXT_HELLO.invokeExact(context, stub("hello", LONG, LONG, LONG), 0L);
                LibSsl.CONTEXT_FIND.invokeExact(context, stub("find", LONG, LONG, LONG, LONG));
            } else {
                LibSsl.CONTEXT_USE.invokeExact(context, stub("use", LONG, LONG, LONG, LONG, LONG));
            }
        } catch (Throwable e) {
            throw LibSsl.unexpected(e);
        }
    }

    /**
     * For who is connected to.
     *
     * @param keys by identity, asked for in handshakes
     * @throws io.vnvme.crypto.CryptoException when OpenSSL is not on this host
     */
    public static TlsContext server(Function<String, Optional<TlsPsk>> keys) {
        return new TlsContext(SUITES, keys, null);
    }

    /** For who connects with this key. */
    public static TlsContext client(TlsPsk key) {
        return new TlsContext(key.suiteName(), _ -> Optional.of(key), key);
    }

    /** A connection, whose handshake is still to be made. */
    public TlsSocket wrap(TcpSocket socket) {
        return new TlsSocket(this, socket);
    }

    private void control(int command, long value) throws Throwable {
        require((long) LibSsl.CONTEXT_CONTROL.invokeExact(context, command, value, 0L) != 0);
    }

    static void require(boolean succeeded) {
        if (!succeeded) {
            throw new TlsException("libssl refused a call that it should not");
        }
    }

    private long stub(String name, ValueLayout... arguments) throws ReflectiveOperationException {
        FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments);
        MethodType java = type.toMethodType();
        MethodHandle handle =
                MethodHandles.lookup().findVirtual(TlsContext.class, name, java).bindTo(this);
        return Linker.nativeLinker().upcallStub(handle, type, arena).address();
    }

    long newConnection() throws Throwable {
        long made = (long) LibSsl.NEW.invokeExact(context);
        require(made != 0);
        return made;
    }

    boolean isServer() {
        return server;
    }

    void handshaking(@Nullable TlsSocket socket) {
        handshaking = socket;
    }

    /**
     * SSL_client_hello_cb_fn(3). A key goes with one suite, and libssl takes the one that the client likes best before it looks at keys: so that of
     * the key is the only one that it gets to see. Nothing may be thrown into C.
     */
    @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // by its name, with what C gives
    private int hello(long ssl, long alert, long argument) {
        try (Arena memory = Arena.ofConfined()) {
            MemorySegment found = memory.allocate(2 * Long.BYTES, Long.BYTES);
            int there = (int) LibSsl.HELLO_EXTENSION.invokeExact(
                    ssl, OfferedKeys.EXTENSION, found.address(), found.address() + Long.BYTES);
            if (there == 1) {
                byte[] extension =
                        pointer(found.get(LONG, 0), found.get(LONG, Long.BYTES)).toArray(ValueLayout.JAVA_BYTE);
                Optional<TlsPsk> key = OfferedKeys.identities(extension).stream()
                        .flatMap(name -> keys.apply(name).stream())
                        .findFirst();
                if (key.isPresent()) {
                    MemorySegment suite = memory.allocateFrom(key.get().suiteName());
                    require((int) LibSsl.SET_SUITES.invokeExact(ssl, suite.address()) == 1);
                }
            }
            return 1;
        } catch (Throwable e) {
            failed(e);
            return 0;
        }
    }

    /** SSL_psk_find_session_cb_func(3). */
    @SuppressWarnings("UnusedMethod") // by its name
    private int find(long ssl, long identity, long length, long session) {
        try {
            MemorySegment found = pointer(session, Long.BYTES);
            found.set(LONG, 0, 0L);
            TlsSocket asking = handshaking;
            if (length < 0 || length > IDENTITY_BYTES_MAX || asking == null) {
                return 1;
            }
            String name =
                    new String(pointer(identity, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
            Optional<TlsPsk> key = keys.apply(name);
            asking.offered(name, key.isPresent());
            if (key.isPresent()) {
                found.set(LONG, 0, session(ssl, key.get()));
            }
            return 1;
        } catch (Throwable e) {
            failed(e);
            return 0;
        }
    }

    /** SSL_psk_use_session_cb_func(3). */
    @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // by its name, with what C gives
    private int use(long ssl, long digest, long identity, long length, long session) {
        try {
            TlsPsk key = Objects.requireNonNull(clientKey);
            // Freed with this, and not by libssl, which copies it.
            pointer(identity, Long.BYTES).set(LONG, 0, clientIdentity.address());
            pointer(length, Long.BYTES).set(LONG, 0, clientIdentity.byteSize() - 1);
            pointer(session, Long.BYTES).set(LONG, 0, session(ssl, key));
            return 1;
        } catch (Throwable e) {
            failed(e);
            return 0;
        }
    }

    private void failed(Throwable e) {
        TlsSocket asking = handshaking;
        if (asking != null) {
            asking.failed(e);
        }
    }

    private static MemorySegment pointer(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /** A session that never was, as external keys are given to libssl. */
    private static long session(long ssl, TlsPsk key) throws Throwable {
        try (Arena memory = Arena.ofConfined()) {
            MemorySegment suite = memory.allocate(2);
            suite.set(ValueLayout.JAVA_BYTE, 0, (byte) (key.suite() >> 8));
            suite.set(ValueLayout.JAVA_BYTE, 1, (byte) key.suite());
            long cipher = (long) LibSsl.CIPHER_FIND.invokeExact(ssl, suite.address());
            long made = (long) LibSsl.SESSION_NEW.invokeExact();
            require(cipher != 0 && made != 0);
            MemorySegment secret = memory.allocateFrom(ValueLayout.JAVA_BYTE, key.key());
            require((int) LibSsl.SESSION_KEY.invokeExact(made, secret.address(), secret.byteSize()) == 1);
            secret.fill((byte) 0);
            require((int) LibSsl.SESSION_CIPHER.invokeExact(made, cipher) == 1);
            require((int) LibSsl.SESSION_VERSION.invokeExact(made, LibSsl.TLS_1_3) == 1);
            return made;
        }
    }

    /** Connections that there are stay. */
    @Override
    public void close() {
        try {
            LibSsl.CONTEXT_FREE.invokeExact(context);
        } catch (Throwable e) {
            throw LibSsl.unexpected(e);
        }
    }
}

package io.vnvme.fabrics.tls;

import io.vnvme.os.ByteStream;
import io.vnvme.os.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** TLS above a socket, which stays whoever's it is. Nothing but the handshake allocates. */
public final class TlsSocket implements ByteStream, AutoCloseable {
    /** What a record holds at most: pieces are put together up to that, since each record is a call of the kernel. */
    private static final int RECORD_BYTES = 16 << 10;

    /** How far a handshake is. */
    public enum Progress {
        DONE,
        WANTS_READ,
        WANTS_WRITE
    }

    private final TlsContext context;
    private final MemorySegment staging = Arena.ofAuto().allocate(RECORD_BYTES);
    private long ssl;
    private String identity = "";
    private boolean known;
    private @Nullable Throwable failure;
    private boolean ended;
    private boolean holds;

    TlsSocket(TlsContext context, TcpSocket socket) {
        this.context = context;
        try {
            ssl = context.newConnection();
            TlsContext.require((int) LibSsl.SET_FD.invokeExact(ssl, socket.fd().number()) == 1);
        } catch (Throwable e) {
            throw LibSsl.unexpected(e);
        }
    }

    /**
     * Goes on with the handshake.
     *
     * @throws TlsException when it fails
     */
    public Progress handshake() {
        context.handshaking(this);
        try {
            int result =
                    context.isServer() ? (int) LibSsl.ACCEPT.invokeExact(ssl) : (int) LibSsl.CONNECT.invokeExact(ssl);
            if (result == 1) {
                // Suites without a key have certificates, of which there are none: this only makes sure.
                TlsContext.require((int) LibSsl.SESSION_REUSED.invokeExact(ssl) == 1);
                return Progress.DONE;
            }
            return switch (error(result)) {
                case LibSsl.ERROR_WANT_READ -> Progress.WANTS_READ;
                case LibSsl.ERROR_WANT_WRITE -> Progress.WANTS_WRITE;
                default -> throw failed();
            };
        } catch (Throwable e) {
            throw LibSsl.unexpected(e);
        } finally {
            context.handshaking(null);
        }
    }

    private TlsException failed() {
        Throwable thrown = failure;
        if (thrown != null) {
            return new TlsException("TLS: " + thrown);
        }
        if (identity.isEmpty()) {
            return new TlsException("TLS: the handshake came to nothing");
        }
        return new TlsException(known ? "TLS: its key is another one" : "TLS: there is no key of that identity");
    }

    /** The peer says which key it has. */
    void offered(String name, boolean there) {
        if (!known) {
            identity = name;
            known = there;
        }
    }

    void failed(Throwable thrown) {
        failure = thrown;
    }

    /** What the peer called its key; empty before it has. */
    public String identity() {
        return identity;
    }

    /** What the last call ended with, which was no success; and it is forgotten. */
    private int error(int result) throws Throwable {
        int error = (int) LibSsl.GET_ERROR.invokeExact(ssl, result);
        LibSsl.CLEAR_ERRORS.invokeExact();
        return error;
    }

    @Override
    public int receive(MemorySegment memory, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        int done = 0;
        try {
            // Records behind the first are in memory already, and no socket will tell of them.
            while (done < length && !ended) {
                int count = (int) LibSsl.READ.invokeExact(ssl, memory.address() + offset + done, length - done);
                if (count > 0) {
                    done += count;
                } else if (blocked(count)) {
                    break;
                }
            }
            holds = done == length && (int) LibSsl.HAS_PENDING.invokeExact(ssl) == 1;
        } catch (Throwable e) {
            throw LibSsl.unexpected(e);
        }
        return done > 0 ? done : ended ? 0 : WOULD_BLOCK;
    }

    /** @return false when nothing more will ever come or go */
    private boolean blocked(int result) throws Throwable {
        int error = error(result);
        ended = error != LibSsl.ERROR_WANT_READ && error != LibSsl.ERROR_WANT_WRITE;
        return !ended;
    }

    @Override
    public int receive(
            MemorySegment first,
            long firstOffset,
            int firstLength,
            MemorySegment second,
            long secondOffset,
            int secondLength) {
        int count = receive(first, firstOffset, firstLength);
        if (count < firstLength) {
            return count;
        }
        return count + Math.max(0, receive(second, secondOffset, secondLength));
    }

    @Override
    public boolean holds() {
        return holds;
    }

    @Override
    public int send(TcpSocket.Pieces pieces) {
        int done = 0;
        int piece = 0;
        int skip = 0;
        try {
            while (piece < pieces.count() && !ended) {
                int gathered = 0;
                for (int i = piece, from = skip; i < pieces.count() && gathered < RECORD_BYTES; i++, from = 0) {
                    int part = (int) Math.min(RECORD_BYTES - gathered, pieces.length(i) - from);
                    pieces.copy(i, from, staging, gathered, part);
                    gathered += part;
                }
                // What could not go out is gathered again, with what has come behind it: libssl wants the same
                // beginning.
                int count = (int) LibSsl.WRITE.invokeExact(ssl, staging.address(), gathered);
                if (count <= 0) {
                    if (blocked(count)) {
                        break;
                    }
                    continue;
                }
                done += count;
                for (int left = count; left > 0; ) {
                    int part = (int) Math.min(left, pieces.length(piece) - skip);
                    left -= part;
                    skip += part;
                    if (skip == pieces.length(piece)) {
                        piece++;
                        skip = 0;
                    }
                }
            }
        } catch (Throwable e) {
            throw LibSsl.unexpected(e);
        }
        return done > 0 ? done : ended ? 0 : WOULD_BLOCK;
    }

    /** Gives back what it has; the socket stays open. */
    @Override
    public void close() {
        long freed = ssl;
        ssl = 0;
        ended = true;
        if (freed != 0) {
            try {
                LibSsl.FREE.invokeExact(freed);
            } catch (Throwable e) {
                throw LibSsl.unexpected(e);
            }
        }
    }
}

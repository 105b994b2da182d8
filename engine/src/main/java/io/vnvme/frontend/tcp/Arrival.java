package io.vnvme.frontend.tcp;

import io.vnvme.crypto.CryptoException;
import io.vnvme.fabrics.tls.TlsException;
import io.vnvme.fabrics.tls.TlsSocket;
import io.vnvme.os.ByteStream;
import io.vnvme.os.Epoll;
import io.vnvme.os.TcpSocket;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The first bytes of a connection: those of a TLS handshake, which is made then, or plain PDUs. */
final class Arrival {
    /** Content type of TLS's first record (RFC 8446, 5.1). An ICReq begins with 0. */
    private static final int HANDSHAKE = 0x16;

    private final TcpTarget target;
    private final TcpSocket socket;
    private @Nullable TlsSocket tls;
    private int events = Epoll.IN;

    Arrival(TcpTarget target, TcpSocket socket) {
        this.target = target;
        this.socket = socket;
    }

    /**
     * Goes on.
     *
     * @return what PDUs come by; null as long as that is not known
     * @throws TlsException when the handshake fails
     * @throws CryptoException when there is no TLS on this host
     */
    @Nullable
    ByteStream poll() {
        TlsSocket handshaking = tls;
        if (handshaking == null) {
            int first = socket.peek();
            if (first != HANDSHAKE) {
                return first == ByteStream.WOULD_BLOCK ? null : socket;
            }
            handshaking = target.tls().wrap(socket);
            tls = handshaking;
        }
        return switch (handshaking.handshake()) {
            case DONE -> handshaking;
            case WANTS_READ -> waitsFor(Epoll.IN);
            case WANTS_WRITE -> waitsFor(Epoll.OUT);
        };
    }

    private @Nullable ByteStream waitsFor(int wanted) {
        events = wanted;
        return null;
    }

    /** What the handshake waits for. */
    int events() {
        return events;
    }

    /** Whose key it is; nothing of who comes without TLS, or has not said it. */
    Optional<TlsPeer> peer() {
        TlsSocket handshaking = tls;
        return handshaking == null ? Optional.empty() : TlsPeer.of(handshaking.identity());
    }

    /** Gives back what TLS has. */
    void close() {
        TlsSocket handshaking = tls;
        if (handshaking != null) {
            handshaking.close();
        }
    }
}

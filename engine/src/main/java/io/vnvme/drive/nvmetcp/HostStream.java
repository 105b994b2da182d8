package io.vnvme.drive.nvmetcp;

import io.vnvme.fabrics.tls.TlsContext;
import io.vnvme.fabrics.tls.TlsSocket;
import io.vnvme.os.ByteStream;
import io.vnvme.os.Epoll;
import io.vnvme.os.NativeException;
import io.vnvme.os.SendQueue;
import io.vnvme.os.TcpSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Watch;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The bytes of a connection to a target: reached, and encrypted where that is wanted, without waiting anywhere. */
final class HostStream {
    /**
     * How long a connection that was used is looked at on every pass, without waiting for the kernel to say that there is
     * something.
     */
    private static final long HOT_NS = 50_000;

    private final TcpSocket socket;
    private final @Nullable TlsContext context;
    private final @Nullable Watch watch;
    private @Nullable TlsSocket tls;
    private ByteStream bytes;
    private boolean reached;
    /** The kernel has said that there is something, or TLS holds it. */
    private boolean readable;

    private long hotUntilNs = Long.MIN_VALUE;
    private long nowNs;

    /**
     * Begins to connect.
     *
     * @param context null: it is not encrypted
     * @param home where it is told of what arrives; null: it looks whenever it is asked
     * @throws NativeException when it is known at once that nobody is there
     */
    HostStream(InetSocketAddress address, @Nullable TlsContext context, @Nullable Home home) {
        this.context = context;
        socket = TcpSocket.connect(address);
        bytes = socket;
        watch = home == null ? null : home.watch(socket.fd(), Epoll.OUT, _ -> readable = true);
    }

    /** Whether it is worth a look in this pass. */
    boolean due(long passNs) {
        nowNs = passNs;
        return readable || watch == null || nowNs < hotUntilNs;
    }

    /** Something may be here. */
    boolean readable() {
        return readable;
    }

    /**
     * Goes on to reach the target.
     *
     * @return whether all is there that PDUs need
     * @throws NativeException when nobody is there
     * @throws io.vnvme.fabrics.tls.TlsException when the target and this host do not agree on a key
     */
    boolean reach() {
        readable = false;
        if (!reached && !socket.connected()) {
            return false;
        }
        if (!reached) {
            reached = true;
            tls = context == null ? null : context.wrap(socket);
        }
        TlsSocket handshaking = tls;
        TlsSocket.Progress progress = handshaking == null ? TlsSocket.Progress.DONE : handshaking.handshake();
        watchFor(progress == TlsSocket.Progress.WANTS_WRITE ? Epoll.OUT : Epoll.IN);
        if (progress != TlsSocket.Progress.DONE) {
            return false;
        }
        bytes = handshaking == null ? socket : handshaking;
        return true;
    }

    private void watchFor(int events) {
        if (watch != null) {
            watch.events(events);
        }
    }

    /** @return as {@link Inbox#receive} */
    int receive(Inbox inbox, Inbox.Sink sink) {
        // Said again where more is left than is taken now, and where whoever takes it throws.
        int count = inbox.receive(bytes, sink);
        readable = bytes.holds();
        if (count > 0) {
            hotUntilNs = nowNs + HOT_NS;
        }
        return count;
    }

    /** Sends what goes out now, and asks to be told when more does. @return false when the target is gone */
    boolean flush(SendQueue outgoing) {
        if (!outgoing.flush(bytes)) {
            return false;
        }
        hotUntilNs = nowNs + HOT_NS;
        watchFor(outgoing.isEmpty() ? Epoll.IN : Epoll.IN | Epoll.OUT);
        return true;
    }

    void close() {
        end();
        socket.close();
    }

    /** What the kernel has still to send stays unsent. */
    void abandon() {
        end();
        socket.abandon();
    }

    private void end() {
        readable = false;
        if (watch != null) {
            watch.close();
        }
        TlsSocket encrypting = tls;
        if (encrypting != null) {
            encrypting.close();
        }
    }
}

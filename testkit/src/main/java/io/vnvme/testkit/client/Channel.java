package io.vnvme.testkit.client;

import io.vnvme.os.Epoll;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Framed messages, and raw bytes, over a connected socket. One thread receives; any may send.
 *
 * <p>The socket is non-blocking and serves one caller at a time: whoever has to wait does it outside of the lock.
 */
public final class Channel implements AutoCloseable {
    private static final int BUFFER_BYTES = (1 << 20) + 4096;
    private static final int FDS_MAX = 16;
    private static final long WAIT_NS = 20_000_000;

    private final Arena arena = Arena.ofShared();
    private final UnixSocket socket;
    private final Epoll epoll = new Epoll();
    private final FdQueue fds = new FdQueue(FDS_MAX);
    private final MemorySegment outgoing = arena.allocate(BUFFER_BYTES);
    private final MemorySegment incoming = arena.allocate(BUFFER_BYTES);
    private final Object sending = new Object();
    private volatile boolean closed;

    private Channel(UnixSocket socket) {
        this.socket = socket;
        socket.blocking(false);
        epoll.add(socket.fd(), Epoll.IN, 0);
    }

    public static Channel connect(Path path) {
        return new Channel(UnixSocket.connect(path));
    }

    /** The far end of a connection made elsewhere. */
    public static Channel over(UnixSocket socket) {
        return new Channel(socket);
    }

    /**
     * Sends bytes as they are, waiting while the socket is full.
     *
     * @return false when the server is gone
     */
    public boolean send(byte[] bytes, int... fdNumbers) {
        synchronized (sending) {
            int done = 0;
            while (done < bytes.length) {
                int part = Math.min(bytes.length - done, BUFFER_BYTES);
                MemorySegment.copy(bytes, done, outgoing, ValueLayout.JAVA_BYTE, 0, part);
                int sent = sendSome(part, done == 0 ? fdNumbers : new int[0]);
                if (sent == 0) {
                    return false;
                }
                if (sent == UnixSocket.WOULD_BLOCK) {
                    Thread.onSpinWait();
                } else {
                    done += sent;
                }
            }
            return true;
        }
    }

    private synchronized int sendSome(int length, int[] fdNumbers) {
        return closed ? 0 : socket.send(outgoing, 0, length, fdNumbers);
    }

    /**
     * Receives the next message.
     *
     * @return null when the connection ended, here or there
     * @throws VfioUserException when nothing came in time
     */
    public @Nullable Message receive(Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        if (!fill(0, Wire.HEADER_BYTES, end)) {
            return null;
        }
        byte[] header = bytes(0, Wire.HEADER_BYTES);
        int size = Wire.view(header).getInt(4);
        if (size < Wire.HEADER_BYTES || size > BUFFER_BYTES) {
            throw new VfioUserException("message of %d bytes".formatted(size), 0);
        }
        List<Fd> received = new ArrayList<>();
        for (int fd = fds.take(); fd >= 0; fd = fds.take()) {
            received.add(Fd.adopt(fd));
        }
        if (!fill(Wire.HEADER_BYTES, size, end)) {
            received.forEach(Fd::close);
            return null;
        }
        var view = Wire.view(header);
        return new Message(
                view.getShort(0) & 0xFFFF,
                view.getShort(2) & 0xFFFF,
                view.getInt(8),
                view.getInt(12),
                bytes(Wire.HEADER_BYTES, size),
                received);
    }

    private byte[] bytes(int from, int to) {
        return incoming.asSlice(from, to - from).toArray(ValueLayout.JAVA_BYTE);
    }

    private boolean fill(int from, int to, long end) {
        int at = from;
        while (at < to) {
            int count = receiveSome(at, to - at);
            if (count == 0) {
                return false;
            }
            if (count > 0) {
                at += count;
            } else if (System.nanoTime() - end > 0) {
                throw new VfioUserException("no message from the server", 0);
            } else {
                epoll.await(WAIT_NS);
            }
        }
        return true;
    }

    private synchronized int receiveSome(int at, int length) {
        return closed ? 0 : socket.receive(incoming, at, length, fds);
    }

    /** Process that serves the socket. */
    public int serverPid() {
        return socket.peer().pid();
    }

    /** Ends the connection; a receiver returns null within some milliseconds. */
    public synchronized void shut() {
        if (!closed) {
            closed = true;
            fds.close();
            socket.close();
        }
    }

    /** Gives everything back; no thread receives or sends any more. */
    @Override
    public void close() {
        shut();
        epoll.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}

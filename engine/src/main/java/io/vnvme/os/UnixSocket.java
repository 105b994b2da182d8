package io.vnvme.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A socket of the Unix domain that carries descriptors (unix(7)), of streams unless said. One thread at a time. */
public final class UnixSocket implements AutoCloseable {
    /** What {@link #receive} and {@link #send} answer when a non-blocking socket would have to wait. */
    public static final int WOULD_BLOCK = -1;

    /** Descriptors that one {@link #send} or {@link #receive} can carry. */
    public static final int FDS_MAX = SocketMessage.FDS_MAX;

    private static final int OWNER_ONLY = 0600;
    private static final int PACKET_BACKLOG = 4;
    private static final int MSG_PEEK = 2;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int[] NO_FDS = {};
    private static final MethodHandle SENDMSG = message("sendmsg");
    private static final MethodHandle RECVMSG = message("recvmsg");

    private final Fd fd;
    private final SocketMessage message = new SocketMessage();
    private final @Nullable Path path;
    private final @Nullable SocketLock lock;

    UnixSocket(Fd fd, @Nullable Path path, @Nullable SocketLock lock) {
        this.fd = fd;
        this.path = path;
        this.lock = lock;
    }

    /**
     * Listens at a path that only this user can connect to; see {@link #listen(Path, int, int)}.
     */
    public static UnixSocket listen(Path path, int backlog) {
        return listen(path, backlog, OWNER_ONLY);
    }

    /**
     * Listens at a path, non-blocking. A socket file whose process is gone is replaced; {@link #close} removes the file.
     *
     * @param mode permissions of the socket file, less the umask
     * @throws NativeException EADDRINUSE when another process serves the path, EEXIST when something else lies there
     */
    public static UnixSocket listen(Path path, int backlog, int mode) {
        SocketLock lock = SocketLock.take(path);
        Fd fd = null;
        try {
            removeStale(path);
            fd = SocketCalls.socket();
            SocketCalls.bind(fd, path, mode);
            SocketCalls.listen(fd, backlog);
            fd.blocking(false);
            return new UnixSocket(fd, path, lock);
        } catch (RuntimeException e) {
            if (fd != null) {
                fd.close();
            }
            lock.close();
            throw e;
        }
    }

    /** Connects, and blocks in {@link #send} and {@link #receive} until told otherwise. */
    public static UnixSocket connect(Path path) {
        return made(SocketCalls.socket(), fd -> SocketCalls.connect(fd, path));
    }

    /**
     * Connects a socket of datagrams, one for each {@link #send}.
     *
     * @param name path of the receiver; after an {@code @}, an abstract name
     */
    public static UnixSocket connectForDatagrams(String name) {
        return made(SocketCalls.datagramSocket(), fd -> SocketCalls.connectByName(fd, name));
    }

    /**
     * Listens for packets under an abstract name, and waits in {@link #accept}.
     *
     * @param name after an {@code @}
     */
    public static UnixSocket listenForPackets(String name) {
        return made(SocketCalls.packetSocket(), fd -> {
            SocketCalls.bindByName(fd, name);
            SocketCalls.listen(fd, PACKET_BACKLOG);
        });
    }

    private static UnixSocket made(Fd fd, Consumer<Fd> with) {
        try {
            with.accept(fd);
            return new UnixSocket(fd, null, null);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Connects to {@link #listenForPackets}: each {@link #send} is one {@link #receive} there. */
    public static UnixSocket connectForPackets(String name) {
        return made(SocketCalls.packetSocket(), fd -> SocketCalls.connectByName(fd, name));
    }

    /** A connected or listening socket that another process had; close removes no file. */
    public static UnixSocket adopt(Fd fd) {
        return new UnixSocket(fd, null, null);
    }

    /** Two blocking sockets connected to each other. */
    public static UnixSocket[] pair() {
        Fd[] fds = SocketCalls.pair();
        return new UnixSocket[] {new UnixSocket(fds[0], null, null), new UnixSocket(fds[1], null, null)};
    }

    /** The next peer that waits, as a non-blocking socket; null when none does. */
    public @Nullable UnixSocket accept() {
        int number = SocketCalls.accept(fd);
        return number < 0 ? null : new UnixSocket(Fd.adopt(number), null, null);
    }

    /**
     * Receives up to {@code length} bytes, and the descriptors that came with the first of them. Allocates nothing.
     *
     * @param fds takes the descriptors, close-on-exec; what is beyond its capacity is closed
     * @return bytes received, 0 when the peer is gone or {@code length} is 0, {@link #WOULD_BLOCK}
     */
    public int receive(MemorySegment buffer, long offset, int length, FdQueue fds) {
        return receive(buffer, offset, length, fds, MSG_CMSG_CLOEXEC);
    }

    /** As {@link #receive}, but all of it is there to be received again, the descriptors too. */
    public int peek(MemorySegment buffer, long offset, int length, FdQueue fds) {
        return receive(buffer, offset, length, fds, MSG_CMSG_CLOEXEC | MSG_PEEK);
    }

    private int receive(MemorySegment buffer, long offset, int length, FdQueue fds, int flags) {
        Objects.checkFromIndexSize(offset, length, buffer.byteSize());
        try {
            while (true) {
                message.forReceiving(buffer.address() + offset, length);
                long count = (long) RECVMSG.invokeExact(Libc.errnoState(), fd.number(), message.header(), flags);
                if (count >= 0) {
                    message.takeFds(fds);
                    return (int) count;
                }
                switch (Libc.errno()) {
                    case Errno.EINTR -> {}
                    case Errno.EAGAIN -> {
                        return WOULD_BLOCK;
                    }
                    case Errno.ECONNRESET -> {
                        return 0;
                    }
                    default -> throw Libc.failed("recvmsg");
                }
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Sends without descriptors; see {@link #send(MemorySegment, long, int, int[])}. */
    public int send(MemorySegment buffer, long offset, int length) {
        return send(buffer, offset, length, NO_FDS);
    }

    /**
     * Sends up to {@code length} bytes (at least 1), the descriptors with the first of them. Allocates nothing.
     *
     * @param fdNumbers stay the caller's
     * @return bytes sent, 0 when the peer is gone, {@link #WOULD_BLOCK} when nothing was sent
     */
    public int send(MemorySegment buffer, long offset, int length, int[] fdNumbers) {
        Objects.checkFromIndexSize(offset, length, buffer.byteSize());
        message.forSending(buffer.address() + offset, length, fdNumbers);
        try {
            while (true) {
                long count = (long) SENDMSG.invokeExact(Libc.errnoState(), fd.number(), message.header(), MSG_NOSIGNAL);
                if (count >= 0) {
                    return (int) count;
                }
                switch (Libc.errno()) {
                    case Errno.EINTR -> {}
                    case Errno.EAGAIN -> {
                        return WOULD_BLOCK;
                    }
                    case Errno.EPIPE, Errno.ECONNRESET -> {
                        return 0;
                    }
                    default -> throw Libc.failed("sendmsg");
                }
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** The process at the other end when it connected. */
    public PeerCredentials peer() {
        return SocketCalls.peer(fd);
    }

    public void blocking(boolean blocking) {
        fd.blocking(blocking);
    }

    public Fd fd() {
        return fd;
    }

    /** Closes; a listening one also removes its socket file, then its lock. */
    @Override
    public void close() {
        if (fd.number() < 0) {
            return;
        }
        fd.close();
        if (path != null && lock != null) {
            try (lock) {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Called with the lock held: what still answers at the path belongs to a process that does not use the lock. */
    private static void removeStale(Path path) {
        if (SocketLock.stat(path).isEmpty()) {
            return;
        }
        if (!Stat.of(path).isSocket()) {
            throw new NativeException("listen at " + path + ", which is not a socket", Errno.EEXIST);
        }
        try (Fd probe = SocketCalls.socket()) {
            probe.blocking(false);
            SocketCalls.connect(probe, path);
        } catch (NativeException e) {
            if (e.errno() == Errno.ECONNREFUSED) {
                delete(path);
                return;
            }
            if (e.errno() != Errno.EAGAIN) {
                throw e;
            }
        }
        throw new NativeException("listen at " + path + ", which another process serves", Errno.EADDRINUSE);
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MethodHandle message(String name) {
        return Libc.capturing(
                name,
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    }
}

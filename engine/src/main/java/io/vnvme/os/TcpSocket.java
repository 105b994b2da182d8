package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A non-blocking TCP socket over IPv4 or IPv6 (tcp(7)). One thread at a time; nothing but {@link #accept} allocates. */
public final class TcpSocket implements ByteStream, AutoCloseable {
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_PEEK = 2;
    private static final int MSG_ZEROCOPY = 0x400_0000;
    private static final int NOTHING = 256;
    private static final int SHUT_WR = 1;
    private static final long IOVEC_BYTES = 16;
    // msghdr for 64-bit Linux: name, its length, iovecs, their count, control, its length, flags.
    private static final long MSG_IOV = 16;
    private static final long MSG_IOV_COUNT = 24;
    private static final long MSG_BYTES = 56;

    private static final MethodHandle SENDMSG = Libc.capturing(
            "sendmsg",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle READV = Libc.capturing(
            "readv",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle RECV = Libc.capturing(
            "recv",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT));
    private static final MethodHandle SHUTDOWN = Libc.capturing(
            "shutdown", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private final Fd fd;
    private final MemorySegment twoVectors = Arena.ofAuto().allocate(2 * IOVEC_BYTES, Long.BYTES);

    private TcpSocket(Fd fd) {
        this.fd = fd;
    }

    /** What one {@link #send} takes together: pieces of memory, which are joined where they touch. */
    public static final class Pieces {
        /** All memory there is: what is at an address that a piece has, the piece keeps alive. */
        private static final MemorySegment ANYWHERE = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

        private final MemorySegment message = Arena.ofAuto().allocate(MSG_BYTES, Long.BYTES);
        private final MemorySegment vectors;
        private final int countMax;
        private int count;
        private long endAddress;

        /** @param countMax at most 1024, the kernel's own limit */
        public Pieces(int countMax) {
            this.countMax = countMax;
            vectors = Arena.ofAuto().allocate(countMax * IOVEC_BYTES, Long.BYTES);
            message.set(ValueLayout.ADDRESS, MSG_IOV, vectors);
        }

        public void clear() {
            count = 0;
            endAddress = 0;
        }

        /** Appends memory that stays until it is sent. @return false when there is no room for it */
        public boolean add(MemorySegment memory, long offset, int length) {
            Objects.checkFromIndexSize(offset, length, memory.byteSize());
            long address = memory.address() + offset;
            if (count > 0 && address == endAddress) {
                long last = (count - 1) * IOVEC_BYTES + Long.BYTES;
                vectors.set(ValueLayout.JAVA_LONG, last, vectors.get(ValueLayout.JAVA_LONG, last) + length);
            } else if (count == countMax) {
                return false;
            } else {
                vectors.set(ValueLayout.JAVA_LONG, count * IOVEC_BYTES, address);
                vectors.set(ValueLayout.JAVA_LONG, count * IOVEC_BYTES + Long.BYTES, length);
                count++;
            }
            endAddress = address + length;
            return true;
        }

        public boolean isEmpty() {
            return count == 0;
        }

        public int count() {
            return count;
        }

        /** Of one piece, in bytes; pieces that touch have become one. */
        public long length(int index) {
            return vectors.get(ValueLayout.JAVA_LONG, index * IOVEC_BYTES + Long.BYTES);
        }

        /** Copies a part of one piece. */
        public void copy(int index, long from, MemorySegment to, long at, int bytes) {
            Objects.checkFromIndexSize(from, bytes, length(index));
            long address = vectors.get(ValueLayout.JAVA_LONG, index * IOVEC_BYTES) + from;
            MemorySegment.copy(ANYWHERE, address, to, at, bytes);
        }
    }

    /**
     * Listens at an address of this host.
     *
     * @throws NativeException EADDRINUSE when somebody else does, EADDRNOTAVAIL when no interface has the address
     */
    public static TcpSocket listen(InetSocketAddress address, int backlog) {
        Fd fd = InternetCalls.socket(address);
        try {
            InternetCalls.reuseAddress(fd);
            InternetCalls.bind(fd, address);
            SocketCalls.listen(fd, backlog);
            return new TcpSocket(fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Begins to connect to a peer; {@link #connected} says when it has.
     *
     * @throws NativeException ENETUNREACH and the like, when that is known at once
     */
    public static TcpSocket connect(InetSocketAddress address) {
        Fd fd = InternetCalls.socket(address);
        try {
            InternetCalls.noDelay(fd);
            InternetCalls.keepAlive(fd);
            InternetCalls.connect(fd, address);
            return new TcpSocket(fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Whether the peer has been reached.
     *
     * @throws NativeException ECONNREFUSED, ETIMEDOUT and the like: it cannot be
     */
    public boolean connected() {
        int error = InternetCalls.error(fd);
        if (error != 0) {
            throw new NativeException("connect", error);
        }
        return InternetCalls.connected(fd);
    }

    /** The next peer that waits; null when none does. What it sends goes out at once, and a peer that vanishes is noticed. */
    public @Nullable TcpSocket accept() {
        int number = SocketCalls.accept(fd);
        if (number < 0) {
            return null;
        }
        TcpSocket accepted = new TcpSocket(Fd.adopt(number));
        try {
            InternetCalls.noDelay(accepted.fd);
            InternetCalls.keepAlive(accepted.fd);
            return accepted;
        } catch (RuntimeException e) {
            accepted.close();
            throw e;
        }
    }

    public Fd fd() {
        return fd;
    }

    /** The address at the other end, for people. */
    public String peer() {
        return InternetCalls.peer(fd);
    }

    /** The address at this end. */
    public InetSocketAddress local() {
        return InternetCalls.local(fd);
    }

    @Override
    public int receive(MemorySegment memory, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        try {
            while (true) {
                long count = (long)
                        RECV.invokeExact(Libc.errnoState(), fd.number(), memory.address() + offset, (long) length, 0);
                if (count >= 0) {
                    return (int) count;
                }
                int failed = failed("recv");
                if (failed != Errno.EINTR) {
                    return failed == Errno.EAGAIN ? WOULD_BLOCK : 0;
                }
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    @Override
    public int receive(
            MemorySegment first,
            long firstOffset,
            int firstLength,
            MemorySegment second,
            long secondOffset,
            int secondLength) {
        Objects.checkFromIndexSize(firstOffset, firstLength, first.byteSize());
        Objects.checkFromIndexSize(secondOffset, secondLength, second.byteSize());
        twoVectors.set(ValueLayout.JAVA_LONG, 0, first.address() + firstOffset);
        twoVectors.set(ValueLayout.JAVA_LONG, Long.BYTES, firstLength);
        twoVectors.set(ValueLayout.JAVA_LONG, IOVEC_BYTES, second.address() + secondOffset);
        twoVectors.set(ValueLayout.JAVA_LONG, IOVEC_BYTES + Long.BYTES, secondLength);
        try {
            while (true) {
                long count = (long) READV.invokeExact(Libc.errnoState(), fd.number(), twoVectors, 2);
                if (count >= 0) {
                    return (int) count;
                }
                int failed = failed("readv");
                if (failed != Errno.EINTR) {
                    return failed == Errno.EAGAIN ? WOULD_BLOCK : 0;
                }
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Whether nothing is here that the kernel has not told of: it keeps all that comes. */
    @Override
    public boolean holds() {
        return false;
    }

    /** The first byte that has come, which stays; {@link #WOULD_BLOCK} when none has, 256 when the peer has ended. */
    public int peek() {
        try {
            long count = (long) RECV.invokeExact(Libc.errnoState(), fd.number(), twoVectors.address(), 1L, MSG_PEEK);
            if (count > 0) {
                return twoVectors.get(ValueLayout.JAVA_BYTE, 0) & 0xff;
            }
            return count < 0 && failed("recv") == Errno.EAGAIN ? WOULD_BLOCK : NOTHING;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    @Override
    public int send(Pieces pieces) {
        return send(pieces, MSG_NOSIGNAL);
    }

    /** The same, and the kernel need not copy them: they stay as they are until a notice says that it is done with them. */
    int sendUncopied(Pieces pieces) {
        return send(pieces, MSG_NOSIGNAL | MSG_ZEROCOPY);
    }

    private int send(Pieces pieces, int flags) {
        pieces.message.set(ValueLayout.JAVA_LONG, MSG_IOV_COUNT, pieces.count);
        try {
            while (true) {
                long count = (long) SENDMSG.invokeExact(Libc.errnoState(), fd.number(), pieces.message, flags);
                if (count >= 0) {
                    return (int) count;
                }
                if (flags != MSG_NOSIGNAL && Libc.errno() == Errno.ENOBUFS) {
                    // No memory for one more notice: those that are there have to be taken first.
                    return WOULD_BLOCK;
                }
                int failed = failed("sendmsg");
                if (failed != Errno.EINTR) {
                    return failed == Errno.EAGAIN ? WOULD_BLOCK : 0;
                }
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** EINTR, EAGAIN, or another number that says that the peer is gone; what says anything else is thrown. */
    private static int failed(String call) {
        int errno = Libc.errno();
        return switch (errno) {
            case Errno.EINTR,
                    Errno.EAGAIN,
                    Errno.EPIPE,
                    Errno.ECONNRESET,
                    Errno.ETIMEDOUT,
                    Errno.ECONNREFUSED,
                    Errno.ENETDOWN,
                    Errno.ENETUNREACH,
                    Errno.EHOSTUNREACH -> errno;
            default -> throw Libc.failed(call);
        };
    }

    /** Nothing more is sent; what the peer sends is still received. */
    public void endOutput() {
        try {
            int result = (int) SHUTDOWN.invokeExact(Libc.errnoState(), fd.number(), SHUT_WR);
            if (result < 0 && Libc.errno() != Errno.ENOTCONN) {
                throw Libc.failed("shutdown");
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Closes it, and the kernel gives up what it has not brought to the peer: after {@link #close} it still tries, for long. */
    public void abandon() {
        try {
            InternetCalls.sendNothingOnClose(fd);
        } finally {
            close();
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}

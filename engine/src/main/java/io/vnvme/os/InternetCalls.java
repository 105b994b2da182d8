package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/** The calls that are made once in the life of a TCP socket, and addresses as ip(7) and ipv6(7) lay them out. */
final class InternetCalls {
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_REUSEADDR = 2;
    private static final int SO_ERROR = 4;
    private static final int SO_LINGER = 13;
    private static final int SO_KEEPALIVE = 9;
    private static final int SO_ZEROCOPY = 60;
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final int TCP_KEEPIDLE = 4;
    private static final int TCP_KEEPINTVL = 5;
    private static final int TCP_KEEPCNT = 6;
    private static final int TCP_USER_TIMEOUT = 18;

    /** A peer that says nothing is asked after this time, then this often, and given up after so many questions. */
    private static final int KEEP_IDLE_SECONDS = 30;

    private static final int KEEP_INTERVAL_SECONDS = 5;
    private static final int KEEP_COUNT = 6;
    /** A peer that does not take what was sent to it is given up as soon. */
    private static final int USER_TIMEOUT_MS = 60_000;

    private static final long ADDRESS_BYTES = 28;
    private static final ValueLayout.OfShort PORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long PORT_AT = 2;
    private static final long IPV4_AT = 4;
    private static final long IPV6_AT = 8;
    private static final long IPV6_SCOPE_AT = 24;

    private static final MethodHandle SOCKET = Libc.capturing(
            "socket",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle BIND = Libc.capturing(
            "bind",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle CONNECT = Libc.capturing(
            "connect",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle GETSOCKOPT = Libc.capturing(
            "getsockopt",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS));
    private static final MethodHandle GETSOCKNAME = naming("getsockname");
    private static final MethodHandle GETPEERNAME = naming("getpeername");
    private static final MethodHandle SETSOCKOPT = Libc.capturing(
            "setsockopt",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT));

    private InternetCalls() {}

    /** A socket of the family that {@code address} has. */
    static Fd socket(InetSocketAddress address) {
        int family = address.getAddress().getAddress().length == 4 ? AF_INET : AF_INET6;
        try {
            int number =
                    (int) SOCKET.invokeExact(Libc.errnoState(), family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            if (number < 0) {
                throw Libc.failed("socket");
            }
            return Fd.adopt(number);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    static void bind(Fd fd, InetSocketAddress address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment encoded = encode(arena, address);
            int result = (int) BIND.invokeExact(Libc.errnoState(), fd.number(), encoded, (int) encoded.byteSize());
            if (result < 0) {
                throw Libc.failed("bind " + address.getAddress().getHostAddress() + ":" + address.getPort());
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Begins to connect; how it ends is said by {@link #connected} and {@link #error}. */
    static void connect(Fd fd, InetSocketAddress address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment encoded = encode(arena, address);
            int result = (int) CONNECT.invokeExact(Libc.errnoState(), fd.number(), encoded, (int) encoded.byteSize());
            if (result < 0 && Libc.errno() != Errno.EINPROGRESS) {
                throw Libc.failed("connect " + address.getAddress().getHostAddress() + ":" + address.getPort());
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** What went wrong with a socket since it was asked last; 0 when nothing did. */
    static int error(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment error = arena.allocate(ValueLayout.JAVA_INT);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
            int result =
                    (int) GETSOCKOPT.invokeExact(Libc.errnoState(), fd.number(), SOL_SOCKET, SO_ERROR, error, length);
            if (result < 0) {
                throw Libc.failed("getsockopt SO_ERROR");
            }
            return error.get(ValueLayout.JAVA_INT, 0);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Whether there is a peer at the other end. */
    static boolean connected(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(ADDRESS_BYTES, Long.BYTES);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) ADDRESS_BYTES);
            return (int) GETPEERNAME.invokeExact(Libc.errnoState(), fd.number(), address, length) == 0;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    static InetSocketAddress local(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(ADDRESS_BYTES, Long.BYTES);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) ADDRESS_BYTES);
            int result = (int) GETSOCKNAME.invokeExact(Libc.errnoState(), fd.number(), address, length);
            if (result < 0) {
                throw Libc.failed("getsockname");
            }
            return decode(address);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** The address at the other end, or what there is to say when it is gone already. */
    static String peer(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(ADDRESS_BYTES, Long.BYTES);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) ADDRESS_BYTES);
            int result = (int) GETPEERNAME.invokeExact(Libc.errnoState(), fd.number(), address, length);
            if (result < 0) {
                return "a peer that is gone";
            }
            InetSocketAddress peer = decode(address);
            return peer.getAddress().getHostAddress() + ":" + peer.getPort();
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** What a process before left in TIME_WAIT does not keep the port. */
    static void reuseAddress(Fd fd) {
        option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    }

    static void noDelay(Fd fd) {
        option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    }

    static void keepAlive(Fd fd) {
        option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_SECONDS);
        option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_SECONDS);
        option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT);
        option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
    }

    /** What is not sent yet when it is closed is never sent, and the peer is told so by a reset. */
    static void sendNothingOnClose(Fd fd) {
        // struct linger: that it is meant, and for no time at all.
        option(fd, SOL_SOCKET, SO_LINGER, 1, 0);
    }

    /** Sends may ask the kernel not to copy. */
    static void allowZeroCopy(Fd fd) {
        option(fd, SOL_SOCKET, SO_ZEROCOPY, 1);
    }

    private static void option(Fd fd, int level, int name, int... value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocateFrom(ValueLayout.JAVA_INT, value);
            int result = (int) SETSOCKOPT.invokeExact(
                    Libc.errnoState(), fd.number(), level, name, numbers, (int) numbers.byteSize());
            if (result < 0) {
                throw Libc.failed("setsockopt %d %d".formatted(level, name));
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static MethodHandle naming(String name) {
        return Libc.capturing(
                name,
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    }

    private static MemorySegment encode(Arena arena, InetSocketAddress address) {
        byte[] bytes = address.getAddress().getAddress();
        boolean v4 = bytes.length == 4;
        MemorySegment out = arena.allocate(v4 ? 16 : ADDRESS_BYTES, Long.BYTES);
        out.set(ValueLayout.JAVA_SHORT, 0, (short) (v4 ? AF_INET : AF_INET6));
        out.set(PORT, PORT_AT, (short) address.getPort());
        MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, v4 ? IPV4_AT : IPV6_AT, bytes.length);
        if (address.getAddress() instanceof Inet6Address v6) {
            out.set(ValueLayout.JAVA_INT, IPV6_SCOPE_AT, v6.getScopeId());
        }
        return out;
    }

    private static InetSocketAddress decode(MemorySegment address) throws UnknownHostException {
        boolean v4 = address.get(ValueLayout.JAVA_SHORT, 0) == AF_INET;
        byte[] bytes = new byte[v4 ? 4 : 16];
        MemorySegment.copy(address, ValueLayout.JAVA_BYTE, v4 ? IPV4_AT : IPV6_AT, bytes, 0, bytes.length);
        return new InetSocketAddress(InetAddress.getByAddress(bytes), address.get(PORT, PORT_AT) & 0xffff);
    }
}

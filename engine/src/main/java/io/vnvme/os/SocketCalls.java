package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The socket calls that are made once in a socket's life. */
final class SocketCalls {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final long PATH_OFFSET = 2;
    /** sockaddr_un: a family and 108 bytes of path, the terminating zero included (unix(7)). */
    private static final int PATH_BYTES = 108;

    private static final MethodHandle SOCKET = Libc.capturing(
            "socket",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle SOCKETPAIR = Libc.capturing(
            "socketpair",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS));
    private static final MethodHandle BIND = addressed("bind");
    private static final MethodHandle CONNECT = addressed("connect");
    private static final MethodHandle LISTEN = Libc.capturing(
            "listen", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle FCHMOD = Libc.capturing(
            "fchmod", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle ACCEPT4 = Libc.capturing(
            "accept4",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT));
    private static final MethodHandle GETSOCKOPT = Libc.capturing(
            "getsockopt",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS));

    private SocketCalls() {}

    static Fd socket() {
        return socket(SOCK_STREAM);
    }

    static Fd datagramSocket() {
        return socket(SOCK_DGRAM);
    }

    static Fd packetSocket() {
        return socket(SOCK_SEQPACKET);
    }

    private static Fd socket(int type) {
        try {
            int number = (int) SOCKET.invokeExact(Libc.errnoState(), AF_UNIX, type | SOCK_CLOEXEC, 0);
            if (number < 0) {
                throw Libc.failed("socket");
            }
            return Fd.adopt(number);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    static Fd[] pair() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment numbers = arena.allocate(ValueLayout.JAVA_INT, 2);
            int result =
                    (int) SOCKETPAIR.invokeExact(Libc.errnoState(), AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers);
            if (result < 0) {
                throw Libc.failed("socketpair");
            }
            return new Fd[] {
                Fd.adopt(numbers.getAtIndex(ValueLayout.JAVA_INT, 0)),
                Fd.adopt(numbers.getAtIndex(ValueLayout.JAVA_INT, 1))
            };
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** Makes the socket file with the given permissions: never, not even for a moment, with wider ones. */
    static void bind(Fd fd, Path path, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            // The mode of the socket's own inode is what bind(2) gives the file, less the umask.
            int result = (int) FCHMOD.invokeExact(Libc.errnoState(), fd.number(), mode);
            if (result < 0) {
                throw Libc.failed("fchmod of the socket for " + path);
            }
            MemorySegment address = address(arena, path);
            result = (int) BIND.invokeExact(Libc.errnoState(), fd.number(), address, (int) address.byteSize());
            if (result < 0) {
                throw Libc.failed("bind " + path);
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** @param name an abstract one, after an {@code @} */
    static void bindByName(Fd fd, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = nameOrAbstract(arena, name);
            int result = (int) BIND.invokeExact(Libc.errnoState(), fd.number(), address, (int) address.byteSize());
            if (result < 0) {
                throw Libc.failed("bind " + name);
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    static void connect(Fd fd, Path path) {
        try (Arena arena = Arena.ofConfined()) {
            connect(fd, address(arena, path), path.toString());
        }
    }

    /** @param name a path, or after an {@code @} an abstract name */
    static void connectByName(Fd fd, String name) {
        try (Arena arena = Arena.ofConfined()) {
            connect(fd, nameOrAbstract(arena, name), name);
        }
    }

    private static void connect(Fd fd, MemorySegment address, String name) {
        try {
            int result = (int) CONNECT.invokeExact(Libc.errnoState(), fd.number(), address, (int) address.byteSize());
            if (result < 0) {
                throw Libc.failed("connect " + name);
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    static void listen(Fd fd, int backlog) {
        try {
            int result = (int) LISTEN.invokeExact(Libc.errnoState(), fd.number(), backlog);
            if (result < 0) {
                throw Libc.failed("listen");
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    /** The number of a new non-blocking descriptor, or -1 when nobody waits to be accepted: of a listener that does not block. */
    static int accept(Fd listener) {
        try {
            int number = (int) ACCEPT4.invokeExact(
                    Libc.errnoState(),
                    listener.number(),
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (number >= 0) {
                return number;
            }
            return switch (Libc.errno()) {
                case Errno.EAGAIN, Errno.EINTR, Errno.ECONNABORTED -> -1;
                default -> throw Libc.failed("accept4");
            };
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    static PeerCredentials peer(Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment credentials = arena.allocate(ValueLayout.JAVA_INT, 3);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) credentials.byteSize());
            int result = (int) GETSOCKOPT.invokeExact(
                    Libc.errnoState(), fd.number(), SOL_SOCKET, SO_PEERCRED, credentials, length);
            if (result < 0) {
                throw Libc.failed("getsockopt SO_PEERCRED");
            }
            return new PeerCredentials(
                    credentials.getAtIndex(ValueLayout.JAVA_INT, 0),
                    credentials.getAtIndex(ValueLayout.JAVA_INT, 1),
                    credentials.getAtIndex(ValueLayout.JAVA_INT, 2));
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static MemorySegment address(Arena arena, Path path) {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= PATH_BYTES) {
            throw new IllegalArgumentException(
                    "socket path of " + bytes.length + " bytes, at most " + (PATH_BYTES - 1) + ": " + path);
        }
        MemorySegment address = arena.allocate(PATH_OFFSET + PATH_BYTES, Long.BYTES);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, PATH_OFFSET, bytes.length);
        return address;
    }

    /** An abstract name, written with '@' for the zero before it, is as long as its address says (unix(7)). */
    private static MemorySegment nameOrAbstract(Arena arena, String text) {
        MemorySegment address = address(arena, Path.of(text));
        if (!text.startsWith("@")) {
            return address;
        }
        address.set(ValueLayout.JAVA_BYTE, PATH_OFFSET, (byte) 0);
        return address.asSlice(0, PATH_OFFSET + text.getBytes(StandardCharsets.UTF_8).length);
    }

    private static MethodHandle addressed(String name) {
        return Libc.capturing(
                name,
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    }
}

package io.vnvme.os;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The right to a socket path, held as a flock(2) on the file {@code PATH.lock}.
 *
 * <p>A socket file outlives a killed process, and telling a dead one from a live one and replacing it are two steps:
 * the lock, which dies with its holder, makes them one.
 */
final class SocketLock implements AutoCloseable {
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0100;
    private static final int O_CLOEXEC = 02000000;
    private static final int MODE = 0600;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final MethodHandle OPEN = Libc.variadic(
            "open",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
            2);
    private static final MethodHandle FLOCK = Libc.capturing(
            "flock", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private final Path path;
    private final Fd fd;

    private SocketLock(Path path, Fd fd) {
        this.path = path;
        this.fd = fd;
    }

    /** Takes the lock at once or says that another process (or another part of this one) has it: EADDRINUSE. */
    static SocketLock take(Path socketPath) {
        Path path = socketPath.resolveSibling(socketPath.getFileName() + ".lock");
        while (true) {
            Fd fd = open(path);
            try {
                lock(fd, socketPath);
                // The last holder may have removed the file between our open and our lock: then it is nobody's path.
                if (stat(path).filter(Stat.of(fd)::sameFile).isPresent()) {
                    return new SocketLock(path, fd);
                }
            } catch (RuntimeException e) {
                fd.close();
                throw e;
            }
            fd.close();
        }
    }

    @Override
    public void close() {
        if (fd.number() < 0) {
            return;
        }
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            fd.close();
        }
    }

    /** What lies at a path, if anything does. */
    static Optional<Stat> stat(Path path) {
        try {
            return Optional.of(Stat.of(path));
        } catch (NativeException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Fd open(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            int number = (int) OPEN.invokeExact(
                    Libc.errnoState(), arena.allocateFrom(path.toString()), O_RDWR | O_CREAT | O_CLOEXEC, MODE);
            if (number < 0) {
                throw Libc.failed("open " + path);
            }
            return Fd.adopt(number);
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    private static void lock(Fd fd, Path socketPath) {
        try {
            int result = (int) FLOCK.invokeExact(Libc.errnoState(), fd.number(), LOCK_EX | LOCK_NB);
            if (result < 0) {
                int errno = Libc.errno();
                throw new NativeException(
                        "listen at " + socketPath + ", which another process serves",
                        errno == Errno.EAGAIN ? Errno.EADDRINUSE : errno);
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }
}

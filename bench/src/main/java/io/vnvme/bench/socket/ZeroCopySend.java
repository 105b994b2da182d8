package io.vnvme.bench.socket;

import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Objects;

/**
 * The drive's own memory, which the kernel is asked not to copy either (MSG_ZEROCOPY, Linux's networking/msg_zerocopy.rst), and its
 * notices that it is done with it. Layouts of 64-bit Linux.
 */
final class ZeroCopySend implements Outgoing {
    private static final int SOL_SOCKET = 1;
    private static final int SO_ZEROCOPY = 60;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_ZEROCOPY = 0x400_0000;
    private static final int MSG_ERRQUEUE = 0x2000;
    private static final int PIECES_MAX = 1024;
    private static final long IOVEC_BYTES = 16;
    private static final long MSG_IOV = 16;
    private static final long MSG_IOV_COUNT = 24;
    private static final long MSG_CONTROL = 32;
    private static final long MSG_CONTROL_LENGTH = 40;
    private static final long MSG_BYTES = 56;
    private static final long CONTROL_BYTES = 128;
    // cmsghdr, and struct sock_extended_err behind it (linux/errqueue.h).
    private static final long ERROR_ORIGIN = 16 + 4;
    private static final long ERROR_CODE = 16 + 6;
    private static final long ERROR_FROM = 16 + 8;
    private static final long ERROR_TO = 16 + 12;
    private static final byte ORIGIN_ZEROCOPY = 5;
    private static final byte CODE_COPIED = 1;
    /** No memory for one more notice: those that are there have to be taken. */
    private static final int ENOBUFS = 105;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SETSOCKOPT = handle(
            "setsockopt",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT));
    private static final MethodHandle SENDMSG = message("sendmsg");
    private static final MethodHandle RECVMSG = message("recvmsg");

    private final MemorySegment state = Arena.ofAuto().allocate(STATE);
    private final MemorySegment message = Arena.ofAuto().allocate(MSG_BYTES, 8);
    private final MemorySegment notice = Arena.ofAuto().allocate(MSG_BYTES, 8);
    private final MemorySegment control = Arena.ofAuto().allocate(CONTROL_BYTES, 8);
    private final MemorySegment header = Arena.ofAuto().allocate(64, 64);
    private final MemorySegment vectors;
    private final int fd;
    private final Answers.Places places;
    private final int dataBytes;
    private final Tally tally;
    private int first;
    private int end;

    /** What the kernel said of messages that it was done with. */
    static final class Tally {
        private long messages;
        private long copied;

        private void add(long count, boolean wasCopied) {
            messages += count;
            copied += wasCopied ? count : 0;
        }

        long messages() {
            return messages;
        }

        /** Of those, what it copied in spite of it. */
        long copied() {
            return copied;
        }
    }

    ZeroCopySend(Fd socket, Answers.Places places, int dataBytes, Tally tally) {
        fd = socket.number();
        this.places = places;
        this.dataBytes = dataBytes;
        this.tally = tally;
        vectors = Arena.ofAuto().allocate(2 * Requests.COUNT_MAX * IOVEC_BYTES, 8);
        MemorySegment on = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_INT, 1);
        try {
            if ((int) SETSOCKOPT.invokeExact(state, fd, SOL_SOCKET, SO_ZEROCOPY, on, 4) < 0) {
                throw new NativeException("setsockopt SO_ZEROCOPY", errno());
            }
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static MethodHandle message(String name) {
        return handle(
                name,
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), descriptor, Linker.Option.captureCallState("errno"));
    }

    private static RuntimeException unexpected(Throwable e) {
        return e instanceof RuntimeException known ? known : new IllegalStateException(e);
    }

    private int errno() {
        return (int) ERRNO.get(state, 0L);
    }

    @Override
    public boolean isEmpty() {
        return first == end;
    }

    @Override
    public void answer(int count) {
        first = 0;
        end = 0;
        for (int i = 0; i < count; i++) {
            add(header, 0, Answers.HEADER_BYTES);
            add(places.drive(), places.next(), dataBytes);
        }
    }

    private void add(MemorySegment memory, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        vectors.set(ValueLayout.JAVA_LONG, end * IOVEC_BYTES, memory.address() + offset);
        vectors.set(ValueLayout.JAVA_LONG, end * IOVEC_BYTES + Long.BYTES, length);
        end++;
    }

    @Override
    public boolean flush() {
        long sent = 0;
        while (first < end && sent >= 0) {
            message.set(ValueLayout.JAVA_LONG, MSG_IOV, vectors.address() + first * IOVEC_BYTES);
            message.set(ValueLayout.JAVA_LONG, MSG_IOV_COUNT, Math.min(PIECES_MAX, end - first));
            sent = call(SENDMSG, message, MSG_NOSIGNAL | MSG_ZEROCOPY);
            consume(sent);
        }
        reap();
        return sent >= 0 || sent == -Errno.EAGAIN || sent == -ENOBUFS;
    }

    private void consume(long bytes) {
        long left = bytes;
        while (left > 0) {
            long length = vectors.get(ValueLayout.JAVA_LONG, first * IOVEC_BYTES + Long.BYTES);
            if (left >= length) {
                left -= length;
                first++;
            } else {
                long address = vectors.get(ValueLayout.JAVA_LONG, first * IOVEC_BYTES);
                vectors.set(ValueLayout.JAVA_LONG, first * IOVEC_BYTES, address + left);
                vectors.set(ValueLayout.JAVA_LONG, first * IOVEC_BYTES + Long.BYTES, length - left);
                left = 0;
            }
        }
    }

    /** Takes the notices that are there. */
    private void reap() {
        while (true) {
            notice.set(ValueLayout.JAVA_LONG, MSG_CONTROL, control.address());
            notice.set(ValueLayout.JAVA_LONG, MSG_CONTROL_LENGTH, CONTROL_BYTES);
            if (call(RECVMSG, notice, MSG_ERRQUEUE) < 0) {
                return;
            }
            if (control.get(ValueLayout.JAVA_BYTE, ERROR_ORIGIN) != ORIGIN_ZEROCOPY) {
                throw new IllegalStateException("an error of another kind on the socket");
            }
            int from = control.get(ValueLayout.JAVA_INT, ERROR_FROM);
            int to = control.get(ValueLayout.JAVA_INT, ERROR_TO);
            tally.add(to - from + 1L, control.get(ValueLayout.JAVA_BYTE, ERROR_CODE) == CODE_COPIED);
        }
    }

    private long call(MethodHandle handle, MemorySegment header, int flags) {
        try {
            long result = (long) handle.invokeExact(state, fd, header, flags);
            return result < 0 ? -errno() : result;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }
}

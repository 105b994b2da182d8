package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Transfers over a stream socket whose count of bytes outlives this process, whatever instruction it is killed at.
 *
 * <p>sendmmsg(2) and recvmmsg(2) write the count of each message to memory themselves, before they return: in memory that
 * another process maps too, what was transferred and that it was are found together. The count is one word with a number of
 * the caller's, so that the next transfer begins by one store.
 *
 * <p>Layout, {@link #SIZE} bytes: struct mmsghdr (msghdr of 56 bytes, bytes transferred (4)), the caller's number (4), struct
 * iovec (16), control messages with descriptors.
 */
public final class KeptTransfer {
    public static final int SIZE = 80 + 16 + UnixSocket.FDS_MAX * Integer.BYTES + 4;

    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;

    private static final long IOV = 16;
    private static final long IOV_COUNT = 24;
    private static final long CONTROL = 32;
    private static final long CONTROL_BYTES = 40;
    private static final long FLAGS = 48;
    private static final long COUNT = 56;
    private static final long VECTOR = 64;
    private static final long FD_MESSAGE = 80;
    private static final long FD_MESSAGE_BYTES = 24;
    private static final long FD_MESSAGE_EMPTY = 16;
    private static final long FD_MESSAGE_LENGTH = 20;

    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    private static final MethodHandle SENDMMSG = Libc.capturing(
            "sendmmsg",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT));
    private static final MethodHandle RECVMMSG = Libc.capturing(
            "recvmmsg",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS));

    private final MemorySegment at;

    /** @param at {@link #SIZE} bytes at a multiple of 8, what was found there stays */
    public KeptTransfer(MemorySegment at) {
        this.at = at;
    }

    /** Plain memory, for who has nobody to keep it for. */
    public static KeptTransfer unkept() {
        return new KeptTransfer(Arena.ofAuto().allocate(SIZE, Long.BYTES));
    }

    /** Bytes that the last transfer moved; 0 when it moved none, or none was begun after {@link #begin}. */
    public int count() {
        return at.get(ValueLayout.JAVA_INT, COUNT);
    }

    /** What {@link #begin} was told. */
    public int number() {
        return at.get(ValueLayout.JAVA_INT, COUNT + 4);
    }

    /** Sets the number, and the count to 0, by one store. */
    public void begin(int number) {
        LONG.setRelease(at, COUNT, (long) number << 32);
    }

    /**
     * Receives up to {@code length} bytes (at least 1) without waiting.
     *
     * @param address of memory that has room for them
     * @param fds takes the descriptors that come with the first of them
     * @return as {@link UnixSocket#receive}
     */
    public int receive(Fd socket, long address, int length, FdQueue fds) {
        point(address, length);
        at.set(ValueLayout.JAVA_LONG, CONTROL, at.address() + FD_MESSAGE);
        at.set(ValueLayout.JAVA_LONG, CONTROL_BYTES, SIZE - FD_MESSAGE);
        int count = transfer(socket, false);
        if (count > 0) {
            for (int i = 0; i < fdCount(); i++) {
                fds.offer(at.get(ValueLayout.JAVA_INT, FD_MESSAGE + 16 + 4L * i));
            }
        }
        return count;
    }

    /** Descriptors that came with the last transfer, if that was one of {@link #receive}. */
    public int fdCount() {
        boolean any = at.get(ValueLayout.JAVA_LONG, CONTROL_BYTES) >= FD_MESSAGE_EMPTY
                && at.get(ValueLayout.JAVA_INT, FD_MESSAGE + 8) == SOL_SOCKET
                && at.get(ValueLayout.JAVA_INT, FD_MESSAGE + 12) == SCM_RIGHTS;
        return any ? (int) (at.get(ValueLayout.JAVA_LONG, FD_MESSAGE) - FD_MESSAGE_EMPTY) / Integer.BYTES : 0;
    }

    /**
     * Sends up to {@code length} bytes (at least 1) without waiting.
     *
     * @param fdNumber goes with the first of them; -1: none
     * @return as {@link UnixSocket#send}
     */
    public int send(Fd socket, long address, int length, int fdNumber) {
        point(address, length);
        if (fdNumber < 0) {
            at.set(ValueLayout.JAVA_LONG, CONTROL, 0);
            at.set(ValueLayout.JAVA_LONG, CONTROL_BYTES, 0);
        } else {
            at.set(ValueLayout.JAVA_LONG, CONTROL, at.address() + FD_MESSAGE);
            at.set(ValueLayout.JAVA_LONG, CONTROL_BYTES, FD_MESSAGE_BYTES);
            at.set(ValueLayout.JAVA_LONG, FD_MESSAGE, FD_MESSAGE_LENGTH);
            at.set(ValueLayout.JAVA_INT, FD_MESSAGE + 8, SOL_SOCKET);
            at.set(ValueLayout.JAVA_INT, FD_MESSAGE + 12, SCM_RIGHTS);
            at.set(ValueLayout.JAVA_INT, FD_MESSAGE + 16, fdNumber);
        }
        return transfer(socket, true);
    }

    private void point(long address, int length) {
        at.set(ValueLayout.JAVA_LONG, 0, 0);
        at.set(ValueLayout.JAVA_INT, 8, 0);
        at.set(ValueLayout.JAVA_LONG, IOV, at.address() + VECTOR);
        at.set(ValueLayout.JAVA_LONG, IOV_COUNT, 1);
        at.set(ValueLayout.JAVA_INT, FLAGS, 0);
        at.set(ValueLayout.JAVA_LONG, VECTOR, address);
        at.set(ValueLayout.JAVA_LONG, VECTOR + 8, length);
    }

    private int transfer(Fd socket, boolean send) {
        try {
            while (true) {
                int messages = send
                        ? (int) SENDMMSG.invokeExact(
                                Libc.errnoState(), socket.number(), at, 1, MSG_DONTWAIT | MSG_NOSIGNAL)
                        : (int) RECVMMSG.invokeExact(
                                Libc.errnoState(),
                                socket.number(),
                                at,
                                1,
                                MSG_DONTWAIT | MSG_CMSG_CLOEXEC,
                                MemorySegment.NULL);
                if (messages > 0) {
                    return count();
                }
                switch (Libc.errno()) {
                    case Errno.EINTR -> {}
                    case Errno.EAGAIN -> {
                        return UnixSocket.WOULD_BLOCK;
                    }
                    case Errno.EPIPE, Errno.ECONNRESET -> {
                        return 0;
                    }
                    default -> throw Libc.failed(send ? "sendmmsg" : "recvmmsg");
                }
            }
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }
}

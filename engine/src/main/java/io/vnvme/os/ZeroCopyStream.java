package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A TCP socket's bytes, which the kernel is asked to send from where they lie (MSG_ZEROCOPY, Linux's
 * networking/msg_zerocopy.rst). It copies them all the same where it has to, as on the loopback.
 */
public final class ZeroCopyStream implements ByteStream {
    /** Who hears that the kernel is done with what was sent. Called in {@link #send}. */
    @FunctionalInterface
    public interface Notices {
        /**
         * So many calls are done with, the oldest that were not.
         *
         * @param copied whether their bytes were copied in spite of it
         */
        void done(long calls, boolean copied);
    }

    private static final int MSG_ERRQUEUE = 0x2000;
    // msghdr for 64-bit Linux.
    private static final long MSG_CONTROL = 32;
    private static final long MSG_CONTROL_BYTES = 40;
    private static final long MSG_BYTES = 56;
    private static final long CONTROL_CAPACITY = 128;
    // cmsghdr, and struct sock_extended_err behind it (linux/errqueue.h).
    private static final long ERROR_ORIGIN = 16 + 4;
    private static final long ERROR_CODE = 16 + 6;
    private static final long ERROR_FROM = 16 + 8;
    private static final long ERROR_TO = 16 + 12;
    private static final byte ORIGIN_ZEROCOPY = 5;
    private static final byte CODE_COPIED = 1;

    private static final MethodHandle RECVMSG = Libc.capturing(
            "recvmsg",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private final MemorySegment message = Arena.ofAuto().allocate(MSG_BYTES, Long.BYTES);
    private final MemorySegment control = Arena.ofAuto().allocate(CONTROL_CAPACITY, Long.BYTES);
    private final TcpSocket socket;
    private final Notices notices;

    /**
     * @param socket stays its owner's
     * @throws NativeException when the kernel does not do it
     */
    public ZeroCopyStream(TcpSocket socket, Notices notices) {
        this.socket = socket;
        this.notices = notices;
        message.set(ValueLayout.ADDRESS, MSG_CONTROL, control);
        InternetCalls.allowZeroCopy(socket.fd());
    }

    @Override
    public int receive(MemorySegment memory, long offset, int length) {
        return socket.receive(memory, offset, length);
    }

    @Override
    public int receive(
            MemorySegment first,
            long firstOffset,
            int firstLength,
            MemorySegment second,
            long secondOffset,
            int secondLength) {
        return socket.receive(first, firstOffset, firstLength, second, secondOffset, secondLength);
    }

    /** {@inheritDoc} The memory stays as it is until {@link Notices} says that the kernel is done with it. */
    @Override
    public int send(TcpSocket.Pieces pieces) {
        int sent = socket.sendUncopied(pieces);
        takeNotices();
        return sent;
    }

    private void takeNotices() {
        while (notice()) {
            if (control.get(ValueLayout.JAVA_BYTE, ERROR_ORIGIN) != ORIGIN_ZEROCOPY) {
                throw new IllegalStateException("an error of another kind on the socket");
            }
            int from = control.get(ValueLayout.JAVA_INT, ERROR_FROM);
            int to = control.get(ValueLayout.JAVA_INT, ERROR_TO);
            notices.done(to - from + 1L, control.get(ValueLayout.JAVA_BYTE, ERROR_CODE) == CODE_COPIED);
        }
    }

    /** @return whether there was one */
    private boolean notice() {
        message.set(ValueLayout.JAVA_LONG, MSG_CONTROL_BYTES, CONTROL_CAPACITY);
        try {
            long result =
                    (long) RECVMSG.invokeExact(Libc.errnoState(), socket.fd().number(), message, MSG_ERRQUEUE);
            if (result < 0 && Libc.errno() != Errno.EAGAIN) {
                throw Libc.failed("recvmsg MSG_ERRQUEUE");
            }
            return result >= 0;
        } catch (Throwable e) {
            throw Libc.unexpected(e);
        }
    }

    @Override
    public boolean holds() {
        return socket.holds();
    }
}

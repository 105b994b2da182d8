package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The structures that sendmsg(2) and recvmsg(2) take, laid out once for a socket and reused: a msghdr with one iovec and
 * a control buffer for descriptors (socket(7), unix(7), cmsg(3), for 64-bit Linux).
 */
final class SocketMessage {
    /** Descriptors that one message can carry: the kernel's SCM_MAX_FD. */
    static final int FDS_MAX = 253;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;

    private static final long IOV = 16;
    private static final long IOV_COUNT = 24;
    private static final long CONTROL = 32;
    private static final long CONTROL_BYTES = 40;
    private static final long HEADER_BYTES = 56;

    private static final long CMSG_LEVEL = 8;
    private static final long CMSG_TYPE = 12;
    private static final long CMSG_DATA = 16;
    private static final long CONTROL_CAPACITY = CMSG_DATA + (long) FDS_MAX * Integer.BYTES;

    // Automatic arena: the buffers go with the socket object, and no thread handshake is needed for that.
    private final MemorySegment header = Arena.ofAuto().allocate(HEADER_BYTES, Long.BYTES);
    private final MemorySegment vector = Arena.ofAuto().allocate(2 * Long.BYTES, Long.BYTES);
    private final MemorySegment control = Arena.ofAuto().allocate(CONTROL_CAPACITY, Long.BYTES);

    SocketMessage() {
        header.set(ValueLayout.ADDRESS, IOV, vector);
        header.set(ValueLayout.JAVA_LONG, IOV_COUNT, 1);
    }

    MemorySegment header() {
        return header;
    }

    /** Points at {@code length} bytes for a send, with descriptors or none. */
    void forSending(long address, int length, int[] fdNumbers) {
        point(address, length);
        if (fdNumbers.length == 0) {
            header.set(ValueLayout.JAVA_LONG, CONTROL, 0);
            header.set(ValueLayout.JAVA_LONG, CONTROL_BYTES, 0);
            return;
        }
        if (fdNumbers.length > FDS_MAX) {
            throw new IllegalArgumentException(fdNumbers.length + " descriptors in one message, at most " + FDS_MAX);
        }
        long used = CMSG_DATA + (long) fdNumbers.length * Integer.BYTES;
        control.set(ValueLayout.JAVA_LONG, 0, used);
        control.set(ValueLayout.JAVA_INT, CMSG_LEVEL, SOL_SOCKET);
        control.set(ValueLayout.JAVA_INT, CMSG_TYPE, SCM_RIGHTS);
        for (int i = 0; i < fdNumbers.length; i++) {
            control.set(ValueLayout.JAVA_INT, CMSG_DATA + (long) i * Integer.BYTES, fdNumbers[i]);
        }
        header.set(ValueLayout.ADDRESS, CONTROL, control);
        header.set(ValueLayout.JAVA_LONG, CONTROL_BYTES, align(used));
    }

    /** Points at room for {@code length} bytes and as many descriptors as fit. */
    void forReceiving(long address, int length) {
        point(address, length);
        header.set(ValueLayout.ADDRESS, CONTROL, control);
        header.set(ValueLayout.JAVA_LONG, CONTROL_BYTES, CONTROL_CAPACITY);
    }

    /** Gives the descriptors that came with the last message to the queue; what does not fit there is closed. */
    void takeFds(FdQueue fds) {
        long length = header.get(ValueLayout.JAVA_LONG, CONTROL_BYTES);
        long at = 0;
        while (at + CMSG_DATA <= length) {
            long bytes = control.get(ValueLayout.JAVA_LONG, at);
            if (bytes < CMSG_DATA || at + bytes > length) {
                return;
            }
            if (control.get(ValueLayout.JAVA_INT, at + CMSG_LEVEL) == SOL_SOCKET
                    && control.get(ValueLayout.JAVA_INT, at + CMSG_TYPE) == SCM_RIGHTS) {
                for (long data = at + CMSG_DATA; data + Integer.BYTES <= at + bytes; data += Integer.BYTES) {
                    fds.offer(control.get(ValueLayout.JAVA_INT, data));
                }
            }
            at += align(bytes);
        }
    }

    private void point(long address, int length) {
        vector.set(ValueLayout.JAVA_LONG, 0, address);
        vector.set(ValueLayout.JAVA_LONG, Long.BYTES, length);
    }

    private static long align(long bytes) {
        return (bytes + Long.BYTES - 1) & -Long.BYTES;
    }
}

package io.vnvme.frontend.vfiouser;

import io.vnvme.os.FdQueue;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Puts messages together from what the socket gives, never waiting for more.
 *
 * <p>A descriptor belongs to the message whose header it comes with, so a header is received as exactly its 16 bytes, and
 * the body after it: then nothing of the next message, nor its descriptors, is taken too early.
 */
final class Inbox implements AutoCloseable {
    /** The largest data transfer and the fixed part before it. */
    static final int MESSAGE_MAX_BYTES = Header.SIZE + 32 + Wire.DATA_TRANSFER_MAX;

    private static final int INITIAL_BYTES = 512;

    private final UnixSocket socket;
    // As many as can come: Cloud Hypervisor sends all eventfds at once, whatever it was asked for.
    private final FdQueue fds = new FdQueue(UnixSocket.FDS_MAX);
    private MemorySegment buffer = Arena.ofAuto().allocate(INITIAL_BYTES, Long.BYTES);
    private int received;
    private boolean complete;

    Inbox(UnixSocket socket) {
        this.socket = socket;
    }

    /** What {@link #receive} found. */
    enum State {
        /** A whole message is there, until the next call. */
        MESSAGE,
        /** The rest has not come yet. */
        PARTIAL,
        /** The client is gone. */
        END
    }

    /**
     * Goes on with the message that is on its way, or with the next when the last one was complete.
     *
     * @throws ConnectionException for a size that no message has
     */
    State receive() {
        if (complete) {
            fds.close();
            received = 0;
            complete = false;
        }
        while (true) {
            int wanted = received < Header.SIZE ? Header.SIZE : sizeBytes();
            if (received == wanted) {
                complete = true;
                return State.MESSAGE;
            }
            int count = socket.receive(buffer, received, wanted - received, fds);
            if (count == UnixSocket.WOULD_BLOCK) {
                return State.PARTIAL;
            }
            if (count == 0) {
                return State.END;
            }
            received += count;
        }
    }

    /** The header of the message, and whatever lies behind it. */
    MemorySegment header() {
        return buffer;
    }

    /** The message after its header; valid until the next {@link #receive}. */
    MemorySegment body() {
        return buffer.asSlice(Header.SIZE, received - Header.SIZE);
    }

    /** The descriptors that came with the message; what nobody takes is closed before the next one. */
    FdQueue fds() {
        return fds;
    }

    @Override
    public void close() {
        fds.close();
    }

    private int sizeBytes() {
        long size = Header.sizeBytes(buffer);
        if (size < Header.SIZE || size > MESSAGE_MAX_BYTES) {
            throw new ConnectionException("message of %d bytes".formatted(size));
        }
        if (size > buffer.byteSize()) {
            grow(size);
        }
        return (int) size;
    }

    private void grow(long sizeBytes) {
        long capacity = Math.min(MESSAGE_MAX_BYTES, Long.highestOneBit(sizeBytes - 1) << 1);
        MemorySegment grown = Arena.ofAuto().allocate(capacity, Long.BYTES);
        MemorySegment.copy(buffer, 0, grown, 0, received);
        buffer = grown;
    }
}

package io.vnvme.frontend.vfiouser;

import io.vnvme.os.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Messages on their way to the client, in order; keeps what the socket does not take.
 *
 * <p>A client that does not read fills it, and is then not read from until there is room again: what one client can make
 * this process keep is bounded by {@link #LIMIT_BYTES} and one message.
 */
final class Outbox {
    /** Above this much, nothing new is taken on; replies to what was already begun still fit. */
    static final int LIMIT_BYTES = 256 << 10;

    private static final int INITIAL_BYTES = 4096;
    private static final int[] NO_FDS = {};

    /** A descriptor and the message that it goes with, as positions in the stream. */
    private record Attachment(long begin, long end, int fdNumber) {}

    private final UnixSocket socket;
    private final int[] attached = new int[1];
    private final ArrayDeque<Attachment> attachments = new ArrayDeque<>();
    private MemorySegment buffer = Arena.ofAuto().allocate(INITIAL_BYTES, Long.BYTES);
    /** Stream position of the buffer's first byte, and the bytes in use: {@code [head, tail)}. */
    private long origin;

    private int head;
    private int tail;

    Outbox(UnixSocket socket) {
        this.socket = socket;
    }

    /** Bytes that the socket has not taken yet. */
    int pendingBytes() {
        return tail - head;
    }

    /** True when nothing new should be begun. */
    boolean full() {
        return pendingBytes() > LIMIT_BYTES;
    }

    /**
     * Room for one message, to be filled in and then handed on by {@link #commit}.
     *
     * @param sizeBytes with the header
     */
    MemorySegment reserve(int sizeBytes) {
        if (head > 0 && buffer.byteSize() - tail < sizeBytes) {
            MemorySegment.copy(buffer, head, buffer, 0, tail - head);
            origin += head;
            tail -= head;
            head = 0;
        }
        if (buffer.byteSize() - tail < sizeBytes) {
            long needed = (long) tail + sizeBytes;
            MemorySegment grown = Arena.ofAuto().allocate(Long.highestOneBit(needed - 1) << 1, Long.BYTES);
            MemorySegment.copy(buffer, 0, grown, 0, tail);
            buffer = grown;
        }
        return buffer.asSlice(tail, sizeBytes);
    }

    /** Queues the message that was reserved last. */
    void commit(int sizeBytes) {
        tail += sizeBytes;
    }

    /** Queues the message that was reserved last with a descriptor, which stays open until it is sent. */
    void commit(int sizeBytes, int fdNumber) {
        attachments.add(new Attachment(origin + tail, origin + tail + sizeBytes, fdNumber));
        tail += sizeBytes;
    }

    /**
     * Sends as much as the socket takes.
     *
     * @return false when the client is gone
     */
    boolean flush() {
        while (head < tail) {
            Attachment next = attachments.peek();
            long end = origin + tail;
            int[] fdNumbers = NO_FDS;
            if (next != null && next.begin() == origin + head) {
                attached[0] = next.fdNumber();
                fdNumbers = attached;
                end = next.end();
            } else if (next != null) {
                end = next.begin();
            }
            int count = socket.send(buffer, head, (int) (end - origin - head), fdNumbers);
            if (count == UnixSocket.WOULD_BLOCK) {
                return true;
            }
            if (count == 0) {
                return false;
            }
            if (fdNumbers.length > 0) {
                attachments.remove();
            }
            head += count;
        }
        origin += tail;
        head = 0;
        tail = 0;
        return true;
    }
}

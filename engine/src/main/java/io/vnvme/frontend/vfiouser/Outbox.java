package io.vnvme.frontend.vfiouser;

import io.vnvme.os.KeptTransfer;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Messages on their way to the client, in order, in a ring of the connection's state.
 *
 * <p>A client that does not read fills it, and is then not read from until there is room again. What is committed is sent once
 * it is published, together with the number of the message that it answers: so another process knows which messages are
 * answered, and which bytes of the answers have left.
 */
final class Outbox {
    /** Above this much, nothing new is taken on; replies to what was already begun still fit. */
    static final int LIMIT_BYTES = 256 << 10;

    private static final int INITIAL_BYTES = 4096;
    private static final int POSITION_BITS = 48;
    private static final long POSITION_MASK = (1L << POSITION_BITS) - 1;
    private static final int ATTACHMENT = 16;

    /** A message that has a descriptor with it: from where to where it is in the stream. */
    private record Attachment(long begin, long end) {}

    private final UnixSocket socket;
    private final ConnectionState state;
    private final KeptTransfer transfer;
    private final MemorySegment ring;
    private final ArrayDeque<Attachment> attachments = new ArrayDeque<>();
    private int attachmentSlot;
    private MemorySegment aside = MemorySegment.NULL;
    /** Whether the message that was reserved lies aside, since it does not fit before the ring's end. */
    private boolean isAside;

    private int fdNumber = -1;

    // Positions in the stream: where the ring begins; what the socket has; what may be sent; what is committed.
    private long origin;
    private long sent;
    private long published;
    private long tail;

    /** Goes on where the state says. */
    Outbox(UnixSocket socket, ConnectionState state) {
        this.socket = socket;
        this.state = state;
        this.transfer = state.sending();
        this.ring = state.outbox();
        origin = state.getLong(ConnectionState.ORIGIN);
        published = state.getLong(ConnectionState.PUBLISHED) & POSITION_MASK;
        tail = published;
        sent = published - Integer.toUnsignedLong((int) published - (transfer.number() + transfer.count()));
        for (int i = 0; i < ConnectionState.ATTACHMENTS_MAX; i++) {
            Attachment found = new Attachment(state.getLong(slot(i)), state.getLong(slot(i) + 8));
            if (found.begin() >= sent && found.end() > found.begin() && found.end() <= published) {
                attachments.add(found);
            }
        }
    }

    /** The last message of the client that is answered, as {@link Inbox#message} counts. */
    static int answered(ConnectionState state) {
        return (int) (state.getLong(ConnectionState.PUBLISHED) >>> POSITION_BITS) - 1;
    }

    private static long slot(int index) {
        return ConnectionState.ATTACHMENTS + (long) index * ATTACHMENT;
    }

    /** The one descriptor that messages can carry: it stays open until the last of them is sent. */
    void attach(int number) {
        fdNumber = number;
    }

    /** Bytes that the socket has not taken yet. */
    int pendingBytes() {
        return (int) (tail - sent);
    }

    /** True when nothing new should be begun. */
    boolean full() {
        return pendingBytes() > LIMIT_BYTES;
    }

    /** Position in the stream of the message that is committed next. */
    long position() {
        return tail;
    }

    /** Whether what was committed at a position was published. */
    boolean isPublished(long position) {
        return position < published;
    }

    /**
     * Room for one message, to be filled in and then handed on by {@link #commit}.
     *
     * @param sizeBytes with the header
     * @throws ConnectionException when the client has not read so much that there is none
     */
    MemorySegment reserve(int sizeBytes) {
        if (pendingBytes() + sizeBytes > ConnectionState.OUTBOX_BYTES) {
            throw new ConnectionException("%d bytes are not read".formatted(pendingBytes()));
        }
        long offset = offset(tail);
        isAside = offset + sizeBytes > ConnectionState.OUTBOX_BYTES;
        if (!isAside) {
            return ring.asSlice(offset, sizeBytes);
        }
        if (aside.byteSize() < sizeBytes) {
            long bytes = Math.max(INITIAL_BYTES, Long.highestOneBit(sizeBytes - 1) << 1);
            aside = Arena.ofAuto().allocate(bytes, Long.BYTES);
        }
        return aside.asSlice(0, sizeBytes);
    }

    private long offset(long position) {
        return (position - origin) % ConnectionState.OUTBOX_BYTES;
    }

    /** Queues the message that was reserved last. */
    void commit(int sizeBytes) {
        if (isAside) {
            long offset = offset(tail);
            long first = ConnectionState.OUTBOX_BYTES - offset;
            MemorySegment.copy(aside, 0, ring, offset, first);
            MemorySegment.copy(aside, first, ring, 0, sizeBytes - first);
        }
        tail += sizeBytes;
    }

    /** Queues the message that was reserved last with the descriptor. */
    void commitWithFd(int sizeBytes) {
        if (attachments.size() == ConnectionState.ATTACHMENTS_MAX) {
            throw new ConnectionException("%d descriptors are not read".formatted(attachments.size()));
        }
        long slot = slot(attachmentSlot);
        attachmentSlot = (attachmentSlot + 1) % ConnectionState.ATTACHMENTS_MAX;
        state.publishLong(slot, tail);
        state.publishLong(slot + 8, tail + sizeBytes);
        attachments.add(new Attachment(tail, tail + sizeBytes));
        commit(sizeBytes);
    }

    /** What is committed may be sent, and all messages up to this one, as {@link Inbox#message} counts, are answered. */
    void publish(int message) {
        published = tail;
        state.publishLong(ConnectionState.PUBLISHED, (long) (message + 1) << POSITION_BITS | published);
    }

    /**
     * Sends as much as the socket takes of what is published.
     *
     * @return false when the client is gone
     */
    boolean flush() {
        while (sent < published) {
            Attachment next = attachments.peek();
            long end = published;
            int attached = -1;
            if (next != null && next.begin() == sent) {
                attached = fdNumber;
                end = next.end();
            } else if (next != null) {
                end = Math.min(end, next.begin());
            }
            long offset = offset(sent);
            int length = (int) Math.min(end - sent, ConnectionState.OUTBOX_BYTES - offset);
            transfer.begin((int) sent);
            int count = transfer.send(socket.fd(), ring.address() + offset, length, attached);
            if (count == UnixSocket.WOULD_BLOCK) {
                return true;
            }
            if (count == 0) {
                return false;
            }
            if (next != null && next.begin() == sent) {
                attachments.remove();
            }
            sent += count;
        }
        if (sent == tail && sent != origin) {
            // Nothing lies in the ring: it begins anew, so that few of its pages are ever touched.
            origin = sent;
            state.publishLong(ConnectionState.ORIGIN, origin);
        }
        return true;
    }
}

package io.vnvme.frontend.vfiouser;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.os.FdQueue;
import io.vnvme.os.KeptTransfer;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.MemorySegment;

/**
 * Puts messages together from what the socket gives, never waiting for more.
 *
 * <p>A descriptor belongs to the message whose header it comes with, so a message is received by itself once its header was
 * looked at: then nothing of the next one, nor its descriptors, is taken too early. What of it has left the socket is in the
 * connection's state. Descriptors are held for another process before: those that were looked at, which may be the next
 * message's (Linux goes on to them); how many are this one's is in the state too.
 */
final class Inbox implements AutoCloseable {
    /** The largest data transfer and the fixed part before it. */
    static final int MESSAGE_MAX_BYTES = Header.SIZE + 32 + Wire.DATA_TRANSFER_MAX;

    private static final int BYTES_BITS = 21;
    private static final int BYTES_MASK = (1 << BYTES_BITS) - 1;
    static final int MESSAGE_MASK = 0x7ff;
    /** What is held of a message that is not done: {@code fd.0}, {@code fd.1}, and so on. */
    private static final String HELD = "fd.";

    private final UnixSocket socket;
    private final Holder holder;
    private final KeptTransfer first;
    private final KeptTransfer rest;
    private final MemorySegment buffer;
    // As many as can come: Cloud Hypervisor sends all eventfds at once, whatever it was asked for.
    private final FdQueue fds = new FdQueue(UnixSocket.FDS_MAX);
    private final FdQueue seen = new FdQueue(UnixSocket.FDS_MAX);
    private int received;
    private int message;
    private boolean holds;

    /** Goes on where the state says. */
    Inbox(UnixSocket socket, ConnectionState state, Holder holder) {
        this.socket = socket;
        this.holder = holder;
        this.first = state.receiving();
        this.rest = state.receivingRest();
        this.buffer = state.inbox();
        message = first.number() >>> BYTES_BITS;
        received = first.count();
        if (rest.number() >>> BYTES_BITS == message && (rest.number() & BYTES_MASK) > 0) {
            received = (rest.number() & BYTES_MASK) + rest.count();
        } else {
            rest.begin(0);
        }
    }

    /** What {@link #receive} found. */
    enum State {
        /** A whole message is there, until {@link #done}. */
        MESSAGE,
        /** The rest has not come yet. */
        PARTIAL,
        /** The client is gone. */
        END
    }

    /** Takes what another process held of the message that is on its way. */
    void adopt(Held held) {
        holds = true;
        int count = received > 0 ? first.fdCount() : 0;
        for (int i = 0; i < count; i++) {
            held.take(HELD + i).ifPresent(fds::adopt);
        }
    }

    /**
     * Goes on with the message that is on its way.
     *
     * @throws ConnectionException for a size that no message has
     */
    State receive() {
        while (true) {
            int known = received == 0 ? look() : received;
            if (known <= 0) {
                return known == 0 ? State.END : State.PARTIAL;
            }
            int wanted = known < Header.SIZE ? Header.SIZE : sizeBytes();
            if (received == wanted) {
                return State.MESSAGE;
            }
            KeptTransfer transfer = received == 0 ? first : rest;
            transfer.begin(message << BYTES_BITS | received);
            int count = transfer.receive(socket.fd(), buffer.address() + received, wanted - received, fds);
            if (count == UnixSocket.WOULD_BLOCK) {
                return State.PARTIAL;
            }
            if (count == 0) {
                return State.END;
            }
            received += count;
        }
    }

    /** Looks at a header, and has its descriptors held. @return bytes of it that are there, 0 when the client is gone */
    private int look() {
        int count = socket.peek(buffer, 0, Header.SIZE, seen);
        for (int i = 0; i < seen.size(); i++) {
            holds = true;
            holder.keep(HELD + i, seen.peek(i));
        }
        seen.close();
        return count;
    }

    /** Which message this is: counted, modulo 2,048. */
    int message() {
        return message;
    }

    /** True when nothing of a message is there. */
    boolean empty() {
        return received == 0;
    }

    /** True when a message is there that is not {@link #done}. */
    boolean complete() {
        return received >= Header.SIZE && received == Header.sizeBytes(buffer);
    }

    /** The message is done with: what nobody took of its descriptors is closed. */
    void done() {
        fds.close();
        message = message + 1 & MESSAGE_MASK;
        received = 0;
        first.begin(message << BYTES_BITS);
        rest.begin(0);
        if (holds) {
            holds = false;
            holder.drop(HELD);
        }
    }

    /** The header of the message, and whatever lies behind it. */
    MemorySegment header() {
        return buffer;
    }

    /** The message after its header; valid until {@link #done}. */
    MemorySegment body() {
        return buffer.asSlice(Header.SIZE, received - Header.SIZE);
    }

    /** The descriptors that came with the message. */
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
        return (int) size;
    }
}

package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Errno;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * Replies to commands that take their time, kept in the connection's state until they are on their way: another process would
 * send those that are left.
 *
 * <p>Where a reply comes to lie in the stream is noted before it is published, so it is sent once.
 */
final class OwedReplies {
    private static final int SIZE = 64;
    private static final int POSITION = 8;
    private static final int REPLY = 16;
    private static final int REPLY_MAX = SIZE - REPLY;

    private final ConnectionState state;
    private final Outbox outbox;

    OwedReplies(ConnectionState state, Outbox outbox) {
        this.state = state;
        this.outbox = outbox;
    }

    private static long slot(int index) {
        return ConnectionState.OWED + (long) index * SIZE;
    }

    /** Whether the reply in a slot has been published, or there never was one. */
    private boolean free(int index) {
        long position = state.getLong(slot(index) + POSITION);
        return state.getInt(slot(index)) == 0 || position > 0 && outbox.isPublished(position - 1);
    }

    /**
     * @param sizeBytes with the header
     * @param writer fills the reply in
     * @return for {@link #pay}
     * @throws RequestException EBUSY when too many are owed
     */
    int owe(int sizeBytes, Consumer<MemorySegment> writer) {
        if (sizeBytes > REPLY_MAX) {
            throw new IllegalArgumentException("a reply of %d bytes".formatted(sizeBytes));
        }
        for (int index = 0; index < ConnectionState.OWED_MAX; index++) {
            if (free(index)) {
                state.publishInt(slot(index), 0);
                state.publishLong(slot(index) + POSITION, 0);
                writer.accept(state.slice(slot(index) + REPLY, sizeBytes));
                state.publishInt(slot(index), sizeBytes);
                return index;
            }
        }
        throw new RequestException(Errno.EBUSY, "more than %d replies are owed".formatted(ConnectionState.OWED_MAX));
    }

    /** The command has failed, and is answered so. */
    void forget(int index) {
        if (index >= 0) {
            state.publishInt(slot(index), 0);
        }
    }

    void pay(int index) {
        int size = state.getInt(slot(index));
        outbox.reserve(size).copyFrom(state.slice(slot(index) + REPLY, size));
        state.publishLong(slot(index) + POSITION, outbox.position() + 1);
        outbox.commit(size);
    }

    /** The command has failed: that is sent in place of the reply, once as well. */
    void payError(int index, int errno) {
        MemorySegment reply = reply(index);
        Header.write(
                outbox.reserve(Header.SIZE),
                Header.id(reply),
                Header.command(reply),
                Header.SIZE,
                Header.TYPE_REPLY | Header.FLAG_ERROR,
                errno);
        state.publishLong(slot(index) + POSITION, outbox.position() + 1);
        outbox.commit(Header.SIZE);
    }

    /** A reply that is owed. */
    MemorySegment reply(int index) {
        return state.slice(slot(index) + REPLY, REPLY_MAX);
    }

    /**
     * What another process owed; a reply to the message that is dispatched again is not among it.
     *
     * @param ended whether what a reply was owed for has ended
     */
    void payAll(IntPredicate ended) {
        for (int index = 0; index < ConnectionState.OWED_MAX; index++) {
            if (!free(index) && ended.test(index)) {
                pay(index);
            }
        }
    }

    /** Forgets what is owed for a command that is about to be carried out again. */
    void forgetAnswerTo(int id) {
        for (int index = 0; index < ConnectionState.OWED_MAX; index++) {
            if (!free(index) && Header.id(state.slice(slot(index) + REPLY, Header.SIZE)) == id) {
                forget(index);
            }
        }
    }
}

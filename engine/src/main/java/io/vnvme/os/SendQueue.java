package io.vnvme.os;

import java.lang.foreign.MemorySegment;

/** What is to go out over a connection, in order: pieces of memory that stay as they are until they have been sent. */
public final class SendQueue {
    /** Who is told that a piece has been sent. */
    @FunctionalInterface
    public interface Sent {
        void sent(int command);
    }

    /** Of pieces that nobody waits for. */
    public static final int NOBODY = -1;

    /** Pieces that one call of the kernel takes. */
    private static final int PIECES_MAX = 256;
    /** Bytes that one call is given: more than a socket's buffer takes. */
    private static final int BATCH_BYTES = 4 << 20;

    private final TcpSocket.Pieces batch = new TcpSocket.Pieces(PIECES_MAX);
    private final MemorySegment[] memory;
    private final long[] offsets;
    private final int[] lengths;
    private final int[] commands;
    private final Sent sent;
    private int first;
    private int count;
    /** How much of the first piece has been sent. */
    private int firstDone;

    /** @param piecesMax that are ever in here at once */
    public SendQueue(int piecesMax, Sent sent) {
        memory = new MemorySegment[piecesMax];
        offsets = new long[piecesMax];
        lengths = new int[piecesMax];
        commands = new int[piecesMax];
        this.sent = sent;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public void add(MemorySegment of, long offset, int length, int command) {
        if (count == lengths.length) {
            throw new IllegalStateException("%d pieces wait to be sent".formatted(count));
        }
        int at = index(count++);
        memory[at] = of;
        offsets[at] = offset;
        lengths[at] = length;
        commands[at] = command;
    }

    private int index(int position) {
        int at = first + position;
        return at < lengths.length ? at : at - lengths.length;
    }

    /** Sends what the socket takes. @return false when the peer is gone */
    public boolean flush(ByteStream socket) {
        while (count > 0) {
            int asked = gather();
            int done = socket.send(batch);
            if (done == 0) {
                return false;
            }
            if (done == TcpSocket.WOULD_BLOCK) {
                return true;
            }
            consume(done);
            if (done < asked) {
                return true;
            }
        }
        return true;
    }

    private int gather() {
        batch.clear();
        int bytes = 0;
        for (int i = 0; i < count && bytes < BATCH_BYTES; i++) {
            int at = index(i);
            int skip = i == 0 ? firstDone : 0;
            if (!batch.add(memory[at], offsets[at] + skip, lengths[at] - skip)) {
                break;
            }
            bytes += lengths[at] - skip;
        }
        return bytes;
    }

    private void consume(int bytes) {
        int left = bytes + firstDone;
        while (count > 0 && left >= lengths[first]) {
            left -= lengths[first];
            int command = commands[first];
            first = index(1);
            count--;
            if (command != NOBODY) {
                sent.sent(command);
            }
        }
        firstDone = left;
    }
}

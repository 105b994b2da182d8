package io.vnvme.os;

import java.lang.foreign.MemorySegment;

/** Bytes to a peer and from it, that never waits: a socket, or what encrypts above one. One thread at a time. */
public interface ByteStream {
    /** What {@link #receive} and {@link #send} answer when they would have to wait. */
    int WOULD_BLOCK = -1;

    /** @return bytes received, 0 when the peer has ended, {@link #WOULD_BLOCK} */
    int receive(MemorySegment memory, long offset, int length);

    /** The same into two pieces of memory, one after the other. */
    int receive(
            MemorySegment first,
            long firstOffset,
            int firstLength,
            MemorySegment second,
            long secondOffset,
            int secondLength);

    /** Sends from the start of the pieces. @return bytes sent, 0 when the peer is gone, {@link #WOULD_BLOCK} */
    int send(TcpSocket.Pieces pieces);

    /** Whether bytes may be here that no socket will tell of. */
    boolean holds();
}

package io.vnvme.bench.socket;

import io.vnvme.os.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What has come on a connection of a server: a request is so many bytes, whatever they are. */
final class Requests {
    /** Of a command capsule without data. */
    static final int BYTES = 72;
    /** The most that are taken together. */
    static final int COUNT_MAX = 256;

    private static final int IN_BYTES = COUNT_MAX * BYTES;

    private final MemorySegment in = Arena.ofAuto().allocate(IN_BYTES, 64);
    private int held;

    /** @return requests that are here whole; -1 when the peer has ended */
    int receive(TcpSocket socket) {
        int count = socket.receive(in, held, IN_BYTES - held);
        if (count == TcpSocket.WOULD_BLOCK) {
            return 0;
        }
        return count == 0 ? -1 : came(count);
    }

    /** So many bytes are at {@link #address} now. @return requests that are here whole, which are taken with that */
    int came(int bytes) {
        int all = held + bytes;
        int whole = all / BYTES;
        held = all - whole * BYTES;
        return whole;
    }

    /** Where what comes next goes. */
    long address() {
        return in.address() + held;
    }

    /** How much may come. */
    int room() {
        return IN_BYTES - held;
    }
}

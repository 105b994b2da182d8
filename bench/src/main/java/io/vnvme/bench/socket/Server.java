package io.vnvme.bench.socket;

import io.vnvme.os.TcpSocket;
import java.util.List;

/** Answers on connections that have been accepted; one thread makes it, uses it and closes it. */
interface Server extends AutoCloseable {
    /** Looks at all connections once. @return false when a peer has ended */
    boolean look();

    @Override
    void close();

    /** A way to answer. */
    interface Way {
        Server open(List<TcpSocket> connections);
    }
}

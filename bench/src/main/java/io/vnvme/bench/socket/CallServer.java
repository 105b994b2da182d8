package io.vnvme.bench.socket;

import io.vnvme.os.TcpSocket;
import java.util.List;
import java.util.function.Function;

/** Asks each socket at each look, with a call of the kernel for what has come and one for what goes out. */
final class CallServer implements Server {
    private final List<Side> sides;

    private record Side(TcpSocket socket, Requests requests, Outgoing out) {}

    CallServer(List<TcpSocket> connections, Function<TcpSocket, Outgoing> outgoing) {
        sides = connections.stream()
                .map(socket -> new Side(socket, new Requests(), outgoing.apply(socket)))
                .toList();
    }

    @Override
    public boolean look() {
        for (int i = 0; i < sides.size(); i++) {
            if (!turn(sides.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean turn(Side side) {
        if (side.out.isEmpty()) {
            int count = side.requests.receive(side.socket);
            if (count <= 0) {
                return count == 0;
            }
            side.out.answer(count);
        }
        return side.out.flush();
    }

    @Override
    public void close() {
        // The sockets are their owner's.
    }
}

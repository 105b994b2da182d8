package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import org.junit.jupiter.api.Test;

/** What becomes of bytes that the kernel has still to send when a socket ends. */
class TcpSocketTest {
    private static final int PIECE_BYTES = 1 << 20;
    private static final int TIMEOUT_MS = 20_000;

    private interface End {
        void of(TcpSocket socket);
    }

    /** @return bytes that the kernel has taken of a peer that does not read, then ended: those that the peer reads come after */
    private static long sentAndEnded(ServerSocket server, End end) throws IOException {
        TcpSocket socket =
                TcpSocket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()));
        MemorySegment memory = Arena.ofAuto().allocate(PIECE_BYTES);
        TcpSocket.Pieces pieces = new TcpSocket.Pieces(1);
        pieces.add(memory, 0, PIECE_BYTES);
        while (!socket.connected()) {
            Thread.onSpinWait();
        }
        long sent = 0;
        for (int count = socket.send(pieces); count > 0; count = socket.send(pieces)) {
            sent += count;
        }
        end.of(socket);
        return sent;
    }

    private static long read(Socket peer) throws IOException {
        peer.setSoTimeout(TIMEOUT_MS);
        byte[] buffer = new byte[PIECE_BYTES];
        long bytes = 0;
        for (int count = peer.getInputStream().read(buffer);
                count >= 0;
                count = peer.getInputStream().read(buffer)) {
            bytes += count;
        }
        return bytes;
    }

    @Test
    void aClosedOneSendsWhatItHas() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            long sent = sentAndEnded(server, TcpSocket::close);
            try (Socket peer = server.accept()) {
                assertThat(read(peer)).isEqualTo(sent);
            }
        }
    }

    @Test
    void anAbandonedOneSendsNothingMore() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            sentAndEnded(server, TcpSocket::abandon);
            try (Socket peer = server.accept()) {
                assertThatThrownBy(() -> read(peer)).isInstanceOf(SocketException.class);
            }
        }
    }
}

package io.vnvme.testkit.tcp;

import io.vnvme.fabrics.tls.TlsContext;
import io.vnvme.fabrics.tls.TlsPsk;
import io.vnvme.fabrics.tls.TlsSocket;
import io.vnvme.os.ByteStream;
import io.vnvme.os.TcpSocket;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A connection by TLS, with the product's own TLS at this end too. Blocks, but never for long. */
public final class TlsChannel implements Closeable {
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long LOOK_NS = 100_000;
    private static final int PIECE_BYTES = 64 << 10;

    private final TlsContext context;
    private final TcpSocket socket;
    private final TlsSocket tls;
    private final MemorySegment received = Arena.ofAuto().allocate(PIECE_BYTES);

    private TlsChannel(InetSocketAddress address, TlsPsk key) {
        context = TlsContext.client(key);
        socket = TcpSocket.connect(address);
        tls = context.wrap(socket);
        await(socket::connected);
        await(() -> tls.handshake() == TlsSocket.Progress.DONE);
    }

    /** @throws io.vnvme.fabrics.tls.TlsException when the target refuses the handshake */
    public static PduChannel connect(InetSocketAddress address, TlsPsk key) {
        TlsChannel channel = new TlsChannel(address, key);
        return PduChannel.over(channel.new In(), channel.new Out(), channel);
    }

    private static void await(BooleanSupplier reached) {
        long untilNs = System.nanoTime() + LIMIT_NS;
        while (!reached.getAsBoolean()) {
            if (System.nanoTime() - untilNs > 0) {
                throw new IllegalStateException("timed out");
            }
            LockSupport.parkNanos(LOOK_NS);
        }
    }

    private final class In extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) {
            if (length == 0) {
                return 0;
            }
            int[] count = {ByteStream.WOULD_BLOCK};
            await(() -> {
                count[0] = tls.receive(received, 0, Math.min(length, PIECE_BYTES));
                return count[0] != ByteStream.WOULD_BLOCK;
            });
            if (count[0] == 0) {
                return -1;
            }
            MemorySegment.copy(received, ValueLayout.JAVA_BYTE, 0, into, from, count[0]);
            return count[0];
        }
    }

    private final class Out extends OutputStream {
        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            MemorySegment memory = Arena.ofAuto().allocate(length);
            MemorySegment.copy(bytes, from, memory, ValueLayout.JAVA_BYTE, 0, length);
            TcpSocket.Pieces pieces = new TcpSocket.Pieces(1);
            int[] done = {0};
            boolean[] gone = {false};
            await(() -> {
                pieces.clear();
                pieces.add(memory, done[0], length - done[0]);
                int count = tls.send(pieces);
                done[0] += Math.max(count, 0);
                gone[0] = count == 0;
                return gone[0] || done[0] == length;
            });
            if (gone[0]) {
                throw new IOException("closed by the target");
            }
        }
    }

    @Override
    public void close() {
        tls.close();
        socket.close();
        context.close();
    }
}

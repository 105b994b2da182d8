package io.vnvme.testkit.tcp;

import io.vnvme.testkit.driver.DriverException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A TCP connection to a target that sends what it is given and reads whole PDUs. Blocks, but never for long. */
@SuppressWarnings("ByteBufferBackingArray") // all are made by allocate or wrap
public final class PduChannel implements AutoCloseable {
    private static final int LIMIT_MS = 20_000;
    private static final int PDU_BYTES_MAX = 2 << 20;

    private final @Nullable Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final Closeable whole;

    private PduChannel(@Nullable Socket socket, InputStream in, OutputStream out, Closeable whole) {
        this.socket = socket;
        this.in = in;
        this.out = out;
        this.whole = whole;
    }

    /** One that goes another way; {@code whole} is closed at the end. */
    public static PduChannel over(InputStream in, OutputStream out, Closeable whole) {
        return new PduChannel(null, in, out, whole);
    }

    /** A PDU that was read: its bytes from the common header on. */
    public record Received(ByteBuffer bytes) {
        public int type() {
            return bytes.get(0) & 0xff;
        }

        public int flags() {
            return bytes.get(1);
        }

        public boolean has(int flag) {
            return (flags() & flag) != 0;
        }

        public int headerBytes() {
            return bytes.get(2) & 0xff;
        }

        public int dataOffset() {
            return bytes.get(3) & 0xff;
        }

        /** Fatal Error Status of a termination request. */
        public int fatalStatus() {
            return bytes.getShort(8);
        }

        /** Its Fatal Error Information. */
        public int fatalInformation() {
            return bytes.getInt(10);
        }

        /** Fails when a digest is there and wrong. */
        void check() {
            if (has(HostPdu.HEADER_DIGEST)) {
                expect(headerBytes(), HostPdu.crc(bytes.array(), 0, headerBytes()));
            }
            if (has(HostPdu.DATA_DIGEST)) {
                int end = bytes.capacity() - HostPdu.DIGEST_BYTES;
                expect(end, HostPdu.crc(bytes.array(), dataOffset(), end - dataOffset()));
            }
        }

        private void expect(int at, int digest) {
            if (bytes.getInt(at) != digest) {
                throw new DriverException("PDU of type %d: digest at %d is wrong".formatted(type(), at));
            }
        }
    }

    public static PduChannel connect(InetSocketAddress address) {
        try {
            Socket socket = SocketChannel.open().socket();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(LIMIT_MS);
            socket.connect(address, LIMIT_MS);
            return new PduChannel(socket, socket.getInputStream(), socket.getOutputStream(), socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void send(ByteBuffer bytes) {
        send(bytes.array(), 0, bytes.capacity());
    }

    public void send(byte[] bytes, int from, int length) {
        try {
            out.write(bytes, from, length);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next PDU, with digests that are right; nothing when the target has closed its end. */
    public Optional<Received> next() {
        try {
            byte[] common = in.readNBytes(HostPdu.COMMON_BYTES);
            if (common.length == 0) {
                return Optional.empty();
            }
            int bytes = HostPdu.buffer(HostPdu.COMMON_BYTES).put(0, common).getInt(4);
            if (common.length < HostPdu.COMMON_BYTES || bytes < HostPdu.COMMON_BYTES || bytes > PDU_BYTES_MAX) {
                throw new DriverException("PDU of %d bytes".formatted(bytes));
            }
            ByteBuffer pdu = HostPdu.buffer(bytes).put(0, common);
            int rest = in.readNBytes(pdu.array(), HostPdu.COMMON_BYTES, bytes - HostPdu.COMMON_BYTES);
            if (rest < bytes - HostPdu.COMMON_BYTES) {
                throw new EOFException("within a PDU");
            }
            Received received = new Received(pdu);
            received.check();
            return Optional.of(received);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next PDU, which must come and be of this type. */
    public Received expect(int type) {
        Received received = next().orElseThrow(() -> new DriverException("closed by the target"));
        if (received.type() != type) {
            throw new DriverException("PDU of type %d instead of %d, FES %x"
                    .formatted(received.type(), type, received.bytes().capacity() > 10 ? received.fatalStatus() : 0));
        }
        return received;
    }

    /** The connection itself, which blocks no more: from now on whoever has it reads and writes. */
    SocketChannel detach() {
        SocketChannel channel = Objects.requireNonNull(socket, "a plain one").getChannel();
        try {
            channel.configureBlocking(false);
            return channel;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Closes this end for sending. */
    public void endOutput() {
        try {
            Objects.requireNonNull(socket, "a plain one").shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            whole.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

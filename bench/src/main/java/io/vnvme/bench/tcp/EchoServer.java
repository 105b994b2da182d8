package io.vnvme.bench.tcp;

import io.vnvme.os.Cpu;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * What the kernel's loopback can do with the messages of a target, and nothing else: each command capsule of 72 bytes is answered by
 * the bytes of a read, which are ready all the time.
 */
final class EchoServer implements AutoCloseable {
    private static final int GREETING_BYTES = 128;
    private static final int REQUEST_BYTES = 72;
    private static final int HEADER_BYTES = 24;
    private static final int REQUESTS_MAX = 256;
    private static final int C2H_DATA_LAST = 0x0007 | 4 << 8;
    private static final int CAPSULE_RESP = 0x05;

    private final ServerSocketChannel server;
    private final int answerBytes;
    private final ByteBuffer answers;
    private final ByteBuffer in = ByteBuffer.allocateDirect(64 << 10).order(ByteOrder.LITTLE_ENDIAN);
    private final Thread thread;
    private volatile boolean closing;

    /** @param bytes of each read */
    EchoServer(int cpu, int bytes) throws IOException {
        server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        answerBytes = HEADER_BYTES + bytes + HEADER_BYTES;
        answers = ByteBuffer.allocateDirect(REQUESTS_MAX * answerBytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < REQUESTS_MAX; i++) {
            int at = i * answerBytes;
            answers.putInt(at, C2H_DATA_LAST | HEADER_BYTES << 16 | HEADER_BYTES << 24);
            answers.putInt(at + 4, HEADER_BYTES + bytes);
            answers.putInt(at + HEADER_BYTES + bytes, CAPSULE_RESP | HEADER_BYTES << 16);
            answers.putInt(at + HEADER_BYTES + bytes + 4, HEADER_BYTES);
        }
        thread = Thread.ofPlatform().name("echo").daemon().start(() -> run(cpu));
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) server.getLocalAddress();
    }

    private void run(int cpu) {
        Cpu.pin(cpu);
        try (SocketChannel channel = server.accept()) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            greet(channel);
            channel.configureBlocking(false);
            in.clear();
            while (!closing) {
                int count = channel.read(in);
                if (count < 0) {
                    return;
                }
                if (count > 0) {
                    answer(channel);
                }
            }
        } catch (AsynchronousCloseException e) {
            // Closed before anybody came.
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void greet(SocketChannel channel) throws IOException {
        ByteBuffer greeting = ByteBuffer.allocate(GREETING_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (greeting.hasRemaining()) {
            channel.read(greeting);
        }
        greeting.put(0, (byte) 1).putInt(12, 1 << 20).flip();
        while (greeting.hasRemaining()) {
            channel.write(greeting);
        }
    }

    private void answer(SocketChannel channel) throws IOException {
        int count = Math.min(REQUESTS_MAX, in.position() / REQUEST_BYTES);
        answers.clear();
        for (int i = 0; i < count; i++) {
            short cid = in.getShort(i * REQUEST_BYTES + 10);
            answers.putShort(i * answerBytes + 8, cid);
            answers.putShort((i + 1) * answerBytes - 4, cid);
        }
        answers.position(0).limit(count * answerBytes);
        while (answers.hasRemaining() && !closing) {
            channel.write(answers);
        }
        in.flip().position(count * REQUEST_BYTES);
        in.compact();
    }

    @Override
    public void close() throws IOException {
        closing = true;
        server.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

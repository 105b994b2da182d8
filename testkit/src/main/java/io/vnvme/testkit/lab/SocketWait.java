package io.vnvme.testkit.lab;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** Unix sockets with deadlines. QEMU connects to us, so that nothing it says is lost and nobody polls for a socket file. */
final class SocketWait {
    private SocketWait() {}

    static ServerSocketChannel listen(Path path) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(path));
        return server;
    }

    /**
     * Returns the first connection to a listening socket, which is closed then.
     *
     * @throws LabException when the process that shall connect ends first
     */
    static SocketChannel accept(ServerSocketChannel server, Process peer) throws IOException {
        try (server) {
            // A blocked accept ends when its channel is closed.
            var ended = peer.onExit().thenRun(() -> close(server));
            SocketChannel channel = server.accept();
            ended.cancel(false);
            return channel;
        } catch (java.nio.channels.ClosedChannelException e) {
            throw new LabException("QEMU ended with status " + peer.exitValue() + " before it was ready", e);
        }
    }

    /** Waits until a non-blocking channel of a selector can be read; returns false when the time is over. */
    static boolean readable(Selector selector, long deadlineNs) throws IOException {
        long left = Duration.ofNanos(deadlineNs - System.nanoTime()).toMillis();
        if (left <= 0) {
            return false;
        }
        selector.select(left);
        selector.selectedKeys().clear();
        return true;
    }

    static Selector selectorOf(SocketChannel channel) throws IOException {
        Selector selector = Selector.open();
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ);
        return selector;
    }

    private static void close(ServerSocketChannel server) {
        try {
            server.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}

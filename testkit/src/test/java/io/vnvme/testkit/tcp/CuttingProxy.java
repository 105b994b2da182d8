package io.vnvme.testkit.tcp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A network between hosts and a target that breaks when so many PDUs have gone over it, all connections at once. */
final class CuttingProxy implements AutoCloseable {
    private static final int COMMON_BYTES = 8;

    private final ServerSocket server;
    private final InetSocketAddress target;
    private final AtomicLong pdusLeft;
    private final Tap tap;
    private final AtomicInteger connections = new AtomicInteger();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private volatile boolean cut;

    /** Who sees what passes. */
    interface Tap {
        /**
         * From the threads of all connections.
         *
         * @param connection in the order of their being made, from 0
         */
        void passed(int connection, boolean fromHost, byte[] pdu);
    }

    /** @param pdus that pass, both ways together */
    CuttingProxy(InetSocketAddress target, long pdus) throws IOException {
        this(target, pdus, (_, _, _) -> {});
    }

    CuttingProxy(InetSocketAddress target, long pdus, Tap tap) throws IOException {
        this.target = target;
        this.tap = tap;
        pdusLeft = new AtomicLong(pdus);
        server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
    }

    /** Whether it has broken. */
    boolean cut() {
        return cut;
    }

    private void start(Runnable work) {
        threads.add(Thread.ofVirtual().start(work));
    }

    private void accept() {
        while (!cut) {
            try {
                Socket host = server.accept();
                Socket far = new Socket(target.getAddress(), target.getPort());
                host.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                sockets.addAll(List.of(host, far));
                int connection = connections.getAndIncrement();
                start(() -> carry(host, far, connection, true));
                start(() -> carry(far, host, connection, false));
            } catch (IOException e) {
                // Closed: nobody comes any more.
                return;
            }
        }
    }

    private void carry(Socket from, Socket to, int connection, boolean fromHost) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            while (true) {
                byte[] common = in.readNBytes(COMMON_BYTES);
                if (common.length < COMMON_BYTES) {
                    to.shutdownOutput();
                    return;
                }
                int bytes =
                        ByteBuffer.wrap(common).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
                byte[] rest = in.readNBytes(bytes - COMMON_BYTES);
                if (pdusLeft.getAndDecrement() <= 0) {
                    cutAll();
                    return;
                }
                byte[] pdu = Arrays.copyOf(common, bytes);
                System.arraycopy(rest, 0, pdu, COMMON_BYTES, rest.length);
                tap.passed(connection, fromHost, pdu);
                out.write(pdu);
                out.flush();
            }
        } catch (IOException e) {
            // One end is gone, and with it the other.
            closeQuietly(from);
            closeQuietly(to);
        }
    }

    private void cutAll() {
        cut = true;
        sockets.forEach(CuttingProxy::closeQuietly);
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cutAll();
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

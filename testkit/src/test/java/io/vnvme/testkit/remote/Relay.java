package io.vnvme.testkit.remote;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

/** Stands where hosts believe a target to be, and connects each of them with it; what is carried is for others to say. */
final class Relay implements AutoCloseable {
    private static final int BACKLOG = 16;

    /** A host has come, and its connection to the target is there. */
    @FunctionalInterface
    interface Arrival {
        void arrived(Relay relay, Socket host, Socket far);
    }

    private final ServerSocket server;
    private final InetSocketAddress target;
    private final Arrival arrival;
    private final BooleanSupplier closed;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();

    /** @param closed whether connections that are made break at once */
    Relay(InetSocketAddress target, BooleanSupplier closed, Arrival arrival) {
        this.target = target;
        this.closed = closed;
        this.arrival = arrival;
        try {
            server = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    /** Runs something until this is closed, which waits for it. */
    void start(Runnable work) {
        threads.add(Thread.ofVirtual().start(work));
    }

    private void accept() {
        while (true) {
            try {
                Socket host = server.accept();
                if (closed.getAsBoolean()) {
                    host.close();
                    continue;
                }
                Socket far = new Socket(target.getAddress(), target.getPort());
                host.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                sockets.add(host);
                sockets.add(far);
                arrival.arrived(this, host, far);
            } catch (IOException e) {
                // Closed: nobody comes any more.
                return;
            }
        }
    }

    static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        sockets.forEach(Relay::close);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

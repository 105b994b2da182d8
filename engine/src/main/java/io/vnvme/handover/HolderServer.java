package io.vnvme.handover;

import io.vnvme.os.Fd;
import io.vnvme.os.UnixSocket;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The holder's side: what daemons have it keep. The one that is to serve gets all of it when those that served before are
 * gone, and with it what they sent with their last breath.
 */
final class HolderServer implements AutoCloseable {
    private final UnixSocket listener;
    private final String address;
    private final Listener told;
    /** Only processes of this user are listened to, and of root. */
    private final int uid;

    private final TreeMap<String, Fd> kept = new TreeMap<>();
    /** Processes that serve or have served, and are still connected. */
    private final Set<Integer> serving = new HashSet<>();

    private long elected = -1;
    private volatile boolean closed;
    private @Nullable String about;

    /** What daemons say of themselves. On threads of the server. */
    interface Listener {
        void ready(long pid);

        void serving(long pid);

        /** A daemon asks to be replaced. */
        void replace();
    }

    /** @param address an abstract name, after an {@code @} */
    HolderServer(String address, Listener told) {
        this.address = address;
        this.told = told;
        this.listener = UnixSocket.listenForPackets(address);
        try (UnixSocket self = UnixSocket.connectForPackets(address);
                UnixSocket _ = accepted()) {
            uid = self.peer().uid();
        }
    }

    private UnixSocket accepted() {
        while (true) {
            UnixSocket socket = listener.accept();
            if (socket != null) {
                socket.blocking(true);
                return socket;
            }
        }
    }

    String address() {
        return address;
    }

    /** Serves until closed, on this thread. */
    void run() {
        while (!closed) {
            UnixSocket socket = accepted();
            int peer = socket.peer().uid();
            if (closed || peer != uid && peer != 0) {
                socket.close();
                continue;
            }
            int pid = socket.peer().pid();
            Packet.Port port = new Packet.Port(socket);
            Thread.ofPlatform().daemon().name("holder of " + pid).start(() -> serve(port, pid));
        }
    }

    private void serve(Packet.Port port, int pid) {
        try (port) {
            for (Packet packet = port.receive().orElse(null);
                    packet != null;
                    packet = port.receive().orElse(null)) {
                take(port, pid, packet);
            }
        } finally {
            ended(pid);
        }
    }

    private synchronized void ended(int pid) {
        serving.remove(pid);
        notifyAll();
    }

    private void take(Packet.Port port, int pid, Packet packet) {
        switch (packet.letter()) {
            case Packet.KEEP -> keep(packet);
            case Packet.DROP -> drop(packet.text());
            case Packet.LIST -> list(port, pid);
            case Packet.READY -> told.ready(pid);
            case Packet.SERVING -> told.serving(pid);
            case Packet.REPLACE -> told.replace();
            case Packet.ABOUT -> about(packet.text());
            default -> System.err.println("vnvme: the holder does not know packets " + packet.letter());
        }
    }

    private synchronized void keep(Packet packet) {
        Fd fd = packet.fd();
        if (fd == null) {
            return;
        }
        Fd before = kept.put(packet.text(), fd);
        if (before != null) {
            before.close();
        }
    }

    private synchronized void drop(String prefix) {
        for (Iterator<Map.Entry<String, Fd>> all =
                        kept.tailMap(prefix).entrySet().iterator();
                all.hasNext(); ) {
            Map.Entry<String, Fd> each = all.next();
            if (!each.getKey().startsWith(prefix)) {
                return;
            }
            each.getValue().close();
            all.remove();
        }
    }

    /** The process that is to serve from now on. */
    synchronized void elect(long pid) {
        elected = pid;
        notifyAll();
    }

    private synchronized void list(Packet.Port port, int pid) {
        while (elected != pid || !serving.isEmpty()) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        serving.add(pid);
        about = null;
        for (Map.Entry<String, Fd> each : kept.entrySet()) {
            if (!port.send(Packet.ITEM, each.getKey(), each.getValue().number())) {
                return;
            }
        }
        port.send(Packet.END, "");
    }

    private synchronized void about(String what) {
        about = what.isEmpty() ? null : what;
    }

    /** What the daemon that served last was about to do; null: nothing that it told of. */
    synchronized @Nullable String lastWords() {
        return about;
    }

    /** How many open files it keeps. */
    synchronized int size() {
        return kept.size();
    }

    @Override
    public void close() {
        closed = true;
        listener.close();
        synchronized (this) {
            kept.values().forEach(Fd::close);
            kept.clear();
        }
    }
}

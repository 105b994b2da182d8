package io.vnvme.handover;

import io.vnvme.os.Fd;
import io.vnvme.os.PeerCredentials;
import io.vnvme.os.UnixSocket;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

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
    private String reason = "";
    private volatile boolean closed;

    /** What daemons say of themselves. On threads of the server. */
    interface Listener {
        /** It has come to serve. */
        void serving(long pid);

        /** It is at work. */
        void pulse(long pid);

        /** It stands by. */
        void ready(long pid);

        /** It cannot take up what is kept. */
        void refused(long pid, String why);

        /** It is to be ended for its successor. */
        void leaves(long pid);

        /** It wants another in its place. */
        void upgrade(long pid, Answer answer);
    }

    /** What who asked for an upgrade is told. */
    interface Answer {
        void go();

        void refused(String why);
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
        try (listener) {
            while (!closed) {
                UnixSocket socket = accepted();
                PeerCredentials peer = socket.peer();
                if (closed || peer.uid() != uid && peer.uid() != 0) {
                    socket.close();
                    continue;
                }
                Packet.Port port = new Packet.Port(socket);
                Thread.ofPlatform().daemon().name("holder of " + peer.pid()).start(() -> serve(port, peer.pid()));
            }
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
            case Packet.LOOK -> look(port);
            case Packet.SERVING -> told.serving(pid);
            case Packet.PULSE -> told.pulse(pid);
            case Packet.READY -> told.ready(pid);
            case Packet.REFUSED -> told.refused(pid, packet.text());
            case Packet.LEAVE -> told.leaves(pid);
            case Packet.UPGRADE -> told.upgrade(pid, answer(port));
            default -> System.err.println("vnvme: the holder does not know packets " + packet.letter());
        }
    }

    private static Answer answer(Packet.Port port) {
        return new Answer() {
            @Override
            public void go() {
                port.send(Packet.GO, "");
            }

            @Override
            public void refused(String why) {
                port.send(Packet.REFUSED, why);
            }
        };
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

    /**
     * The process that is to serve from now on.
     *
     * @param why what it is told of that
     */
    synchronized void elect(long pid, String why) {
        elected = pid;
        reason = why;
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
        sendAll(port, reason);
    }

    private synchronized void look(Packet.Port port) {
        sendAll(port, "");
    }

    private void sendAll(Packet.Port port, String last) {
        for (Map.Entry<String, Fd> each : kept.entrySet()) {
            if (!port.send(Packet.ITEM, each.getKey(), each.getValue().number())) {
                return;
            }
        }
        port.send(Packet.END, last);
    }

    /** How many open files it keeps. */
    synchronized int size() {
        return kept.size();
    }

    /** Lets go of all. */
    @Override
    public void close() {
        closed = true;
        // Whoever waits for a connection gets one, and sees that it is over.
        UnixSocket.connectForPackets(address).close();
        drop("");
    }
}

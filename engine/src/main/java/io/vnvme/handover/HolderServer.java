package io.vnvme.handover;

import io.vnvme.os.Fd;
import io.vnvme.os.NativeException;
import io.vnvme.os.PeerCredentials;
import io.vnvme.os.UnixSocket;
import java.time.Duration;
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
    private static final long PAUSE_MS = 200;
    private static final long WAIT_MAX_SECONDS = 120;

    private final UnixSocket listener;
    private final String address;
    private final Listener told;
    /** Only processes of this user are listened to, and of root. */
    private final int uid;

    private final TreeMap<String, Fd> kept = new TreeMap<>();
    /** Processes that serve or have served, and are still connected. */
    private final Set<Integer> serving = new HashSet<>();
    /** Processes that waited for their turn, and have ended. */
    private final Set<Long> gone = new HashSet<>();

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

        /** It waits for something outside, for so long at most. */
        void waits(long pid, Duration limit);

        /** It is to be ended for its successor. */
        void leaves(long pid, Answer answer);

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
                try {
                    admit(accepted());
                } catch (NativeException e) {
                    // The host lacks memory or descriptors just now: without this thread no daemon could ever come
                    // again.
                    System.err.println("vnvme: the holder cannot accept a daemon yet: " + e.getMessage());
                    pause();
                }
            }
        }
    }

    private void admit(UnixSocket socket) {
        PeerCredentials peer = socket.peer();
        if (closed || peer.uid() != uid && peer.uid() != 0) {
            socket.close();
            return;
        }
        Packet.Port port = new Packet.Port(socket);
        Thread.ofPlatform().daemon().name("holder of " + peer.pid()).start(() -> serve(port, peer.pid()));
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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

    /** That process has just begun: it has nothing to do with one of before that had its number. */
    synchronized void begun(long pid) {
        gone.remove(pid);
    }

    /** That process is gone, and waits for nothing any more. */
    synchronized void gone(long pid) {
        gone.add(pid);
        notifyAll();
    }

    private void take(Packet.Port port, int pid, Packet packet) {
        switch (packet.letter()) {
            case Packet.KEEP -> keep(packet);
            case Packet.DROP -> drop(packet.text());
            case Packet.LIST -> list(port, pid);
            case Packet.LOOK -> sendAll(port, "");
            case Packet.SERVING -> told.serving(pid);
            case Packet.PULSE -> told.pulse(pid);
            case Packet.READY -> told.ready(pid);
            case Packet.REFUSED -> told.refused(pid, packet.text());
            case Packet.WAITS -> told.waits(pid, seconds(packet.text()));
            case Packet.LEAVE -> told.leaves(pid, answer(port));
            case Packet.UPGRADE -> told.upgrade(pid, answer(port));
            default -> System.err.println("vnvme: the holder does not know packets " + packet.letter());
        }
    }

    private static Duration seconds(String text) {
        try {
            return Duration.ofSeconds(Math.clamp(Long.parseLong(text), 0, WAIT_MAX_SECONDS));
        } catch (NumberFormatException e) {
            System.err.println("vnvme: the holder was told of a wait of " + text);
            return Duration.ZERO;
        }
    }

    /** Who asked may be gone by then: nobody waits for that answer. */
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
            System.err.println(
                    "vnvme: the holder was to keep " + packet.text() + ", and got nothing: no descriptor is free");
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

    private void list(Packet.Port port, int pid) {
        String why;
        synchronized (this) {
            while (elected != pid || !serving.isEmpty()) {
                if (closed || gone.contains((long) pid)) {
                    return;
                }
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
            serving.add(pid);
            why = reason;
        }
        sendAll(port, why);
    }

    /** Nobody else waits for one that does not read. */
    private void sendAll(Packet.Port port, String last) {
        try (Held all = copies()) {
            for (String name : all.names("")) {
                try (Fd fd = all.take(name).orElseThrow()) {
                    if (!port.send(Packet.ITEM, name, fd.number())) {
                        return;
                    }
                }
            }
        }
        port.send(Packet.END, last);
    }

    private synchronized Held copies() {
        Held all = new Held();
        kept.forEach((name, fd) -> all.add(name, fd.duplicate()));
        return all;
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

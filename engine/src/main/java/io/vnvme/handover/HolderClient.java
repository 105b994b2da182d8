package io.vnvme.handover;

import io.vnvme.os.NativeException;
import io.vnvme.os.UnixSocket;
import java.time.Duration;
import java.util.Optional;

/** The daemon's side of its holder. */
public final class HolderClient implements Holder, AutoCloseable {
    /** The environment variable that names the holder's address. */
    public static final String ADDRESS = "VNVME_HOLDER";

    /** The environment variable that is set for a process that stands by. */
    static final String STANDBY = "VNVME_STANDBY";

    /** Why a process serves that was asked for. */
    public static final String UPGRADED = "upgraded";

    /** The environment variable that says after how many seconds of silence a process is ended. */
    private static final String SILENCE = "VNVME_SILENCE";

    private static final Duration SILENCE_USUAL = Duration.ofMinutes(2);

    private static final System.Logger LOG = System.getLogger(HolderClient.class.getName());

    private final Packet.Port port;
    private volatile boolean gone;
    private volatile String why = "";

    private HolderClient(UnixSocket socket) {
        port = new Packet.Port(socket);
    }

    /**
     * Connects to the holder that started this process, if one did.
     *
     * @throws NativeException when it is not there
     */
    public static Optional<HolderClient> ofEnvironment() {
        return Optional.ofNullable(System.getenv(ADDRESS))
                .filter(a -> !a.isEmpty())
                .map(HolderClient::connect);
    }

    static HolderClient connect(String address) {
        return new HolderClient(UnixSocket.connectForPackets(address));
    }

    /**
     * What is held now, once this process is the one to serve and none before it can change anything: it waits for that. Once,
     * before anything is kept.
     */
    public Held held() {
        return all(Packet.LIST);
    }

    /** What is kept now, while another process serves. */
    public Held look() {
        return all(Packet.LOOK);
    }

    private Held all(char wish) {
        Held held = new Held();
        if (!port.send(wish, "")) {
            throw gone();
        }
        while (true) {
            Packet packet = port.receive().orElseThrow(HolderClient::gone);
            if (packet.letter() == Packet.END) {
                why = packet.text();
                return held;
            }
            if (packet.fd() != null) {
                held.add(packet.text(), packet.fd());
            }
        }
    }

    private static IllegalStateException gone() {
        return new IllegalStateException("the holder is gone");
    }

    /** Why this process serves, where there is something to say; known when {@link #held} has returned. */
    public Optional<String> why() {
        return Optional.of(why).filter(text -> !text.isEmpty());
    }

    /** A process that serves and has not said for so long that it is at work is ended. */
    public static Duration silence() {
        String seconds = System.getenv(SILENCE);
        try {
            return seconds == null ? SILENCE_USUAL : Duration.ofSeconds(Math.max(1, Integer.parseInt(seconds)));
        } catch (NumberFormatException e) {
            LOG.log(System.Logger.Level.WARNING, "{0}={1} is no number of seconds", SILENCE, seconds);
            return SILENCE_USUAL;
        }
    }

    /** This process stands by, and waits in {@link #held} next. */
    public void ready() {
        send(Packet.READY, "");
    }

    /** This process cannot take up what is kept, and ends. */
    public void refuse(String reason) {
        send(Packet.REFUSED, reason);
    }

    @Override
    public void waits(Duration limit) {
        send(Packet.WAITS, Long.toString(limit.toSeconds()));
    }

    /** This process is at work. From its serving on it has to be said again and again. */
    public void pulse() {
        send(Packet.PULSE, "");
    }

    /**
     * Has the daemon's command started anew, as it is now, and waits until that process stands by: it takes over when this one
     * ends, which it should do soon.
     *
     * @return why there is no successor; nothing: there is one
     */
    public synchronized Optional<String> upgrade() {
        if (!port.send(Packet.UPGRADE, "")) {
            throw gone();
        }
        Packet answer = port.receive().orElseThrow(HolderClient::gone);
        return answer.letter() == Packet.GO ? Optional.empty() : Optional.of(answer.text());
    }

    /** Whether this process is to stand by: to get ready, and then to wait in {@link #held} until it is needed. */
    public static boolean standsBy() {
        return System.getenv(STANDBY) != null;
    }

    /** This process serves. */
    public void serving() {
        send(Packet.SERVING, "");
    }

    /**
     * Has the holder kill this process for its successor: sooner than it would end by itself.
     *
     * @return why it is not killed
     */
    public synchronized String leave() {
        if (!port.send(Packet.LEAVE, "")) {
            throw gone();
        }
        return port.receive().orElseThrow(HolderClient::gone).text();
    }

    @Override
    public void keep(String name, int fdNumber) {
        send(Packet.KEEP, name, fdNumber);
    }

    @Override
    public void drop(String prefix) {
        send(Packet.DROP, prefix);
    }

    /** A holder that is gone takes nothing from those who use the drives now: they lose them only when this process ends. */
    private void send(char letter, String text, int... fds) {
        if (!gone && !port.send(letter, text, fds)) {
            gone = true;
            LOG.log(System.Logger.Level.ERROR, "the holder is gone: a restart will take the drives from their guests");
        }
    }

    @Override
    public void close() {
        port.close();
    }
}

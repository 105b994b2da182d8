package io.vnvme.handover;

import io.vnvme.os.NativeException;
import io.vnvme.os.UnixSocket;
import java.util.Optional;

/** The daemon's side of its holder. */
public final class HolderClient implements Holder, AutoCloseable {
    /** The environment variable that names the holder's address. */
    public static final String ADDRESS = "VNVME_HOLDER";

    /** The environment variable that is set for a process that stands by. */
    static final String STANDBY = "VNVME_STANDBY";

    private static final System.Logger LOG = System.getLogger(HolderClient.class.getName());

    private final Packet.Port port;
    private volatile boolean gone;

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
        Held held = new Held();
        if (!port.send(Packet.LIST, "")) {
            throw new IllegalStateException("the holder is gone");
        }
        while (true) {
            Packet packet = port.receive().orElseThrow(() -> new IllegalStateException("the holder is gone"));
            if (packet.letter() == Packet.END) {
                return held;
            }
            if (packet.fd() != null) {
                held.add(packet.text(), packet.fd());
            }
        }
    }

    /** Whether this process is to stand by: to get ready, and then to wait in {@link #held} until it is needed. */
    public static boolean standsBy() {
        return System.getenv(STANDBY) != null;
    }

    /** This process serves. */
    public void serving() {
        send(Packet.SERVING, "");
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

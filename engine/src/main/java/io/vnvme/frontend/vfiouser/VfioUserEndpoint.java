package io.vnvme.frontend.vfiouser;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.KeptMemory;
import io.vnvme.nvme.Controller;
import io.vnvme.os.Epoll;
import io.vnvme.os.NativeException;
import io.vnvme.os.PeerCredentials;
import io.vnvme.os.Reclaimer;
import io.vnvme.os.UnixSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import io.vnvme.reactor.Watch;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A vfio-user socket at a path: each client that connects gets a controller of its own, for as long as it stays.
 *
 * <p>All work of a connection is done by one reactor: at first the endpoint's, later maybe another that it was moved to.
 * {@link #open}, {@link #connections}, {@link #requestRelease}, {@link #stopListening} and {@link #close} are called on other
 * threads.
 */
public final class VfioUserEndpoint implements AutoCloseable {
    private static final char KEY_END = '/';
    private static final int BACKLOG = 16;
    /** Clients at once, those included that have not said a word yet. */
    private static final int CONNECTIONS_MAX = 32;
    /** How long no one is accepted after the process ran out of descriptors. */
    private static final long PAUSE_NS = 100_000_000;

    private final Home home;
    private final ControllerFactory factory;
    private final Options options;
    private final Holder holder;
    private final UnixSocket listener;
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private volatile List<PeerCredentials> active = List.of();
    private @Nullable Watch watch;

    /**
     * How the function looks.
     *
     * @param msi whether it has MSI and no MSI-X: QEMU 11.1 can unplug it then, at the price of fewer vectors
     * @param vectors of MSI-X, 1 to 256
     * @param socketMode permissions of the socket file, less the umask
     * @param doorbells whether clients map them
     */
    public record Options(boolean msi, int vectors, int socketMode, DoorbellAccess doorbells) {
        /** One vector for each of 64 I/O queue pairs and one for the admin queue. */
        public static final int VECTORS = 65;

        private static final int VECTORS_MAX = 256;

        public Options {
            if (vectors < 1 || vectors > VECTORS_MAX) {
                throw new IllegalArgumentException(vectors + " vectors, not 1 to " + VECTORS_MAX);
            }
        }

        public Options(boolean msi) {
            this(msi, VECTORS, 0600, DoorbellAccess.AUTO);
        }

        public Options withDoorbells(DoorbellAccess access) {
            return new Options(msi, vectors, socketMode, access);
        }
    }

    /** Made on the thread that opens the first endpoint, not on a reactor. */
    private static final class Shared {
        private static final Reclaimer RECLAIMER = Reclaimer.start();
    }

    private VfioUserEndpoint(
            Home home, UnixSocket listener, ControllerFactory factory, Options options, Holder holder) {
        this.home = home;
        this.listener = listener;
        this.holder = holder;
        this.factory = factory;
        this.options = options;
    }

    /**
     * Listens at a path. A socket file left by a process that is gone is replaced.
     *
     * @throws NativeException EADDRINUSE when another process serves the path
     */
    public static VfioUserEndpoint open(Reactor reactor, Path socketPath, ControllerFactory factory, Options options) {
        return open(reactor, socketPath, factory, options, Holder.NONE, new Held());
    }

    /**
     * The same.
     *
     * @param holder keeps each connection for another process: {@code KEY/socket} and others
     * @param held what another process's endpoint had its holder keep, all of which is taken: those clients are there before
     *     anybody else is accepted, and wait for the factory to let them {@link ControllerFactory#adopt resume}; what cannot be
     *     taken up is ended, and reported
     */
    public static VfioUserEndpoint open(
            Reactor reactor, Path socketPath, ControllerFactory factory, Options options, Holder holder, Held held) {
        Objects.requireNonNull(Shared.RECLAIMER);
        UnixSocket listener = UnixSocket.listen(socketPath, BACKLOG, options.socketMode());
        Home home = new Home(reactor);
        VfioUserEndpoint endpoint = new VfioUserEndpoint(home, listener, factory, options, holder);
        endpoint.adopt(held);
        home.call(() -> {
            endpoint.watch = home.watch(listener.fd(), Epoll.IN, _ -> endpoint.accept());
            return true;
        });
        return endpoint;
    }

    /**
     * Why {@link #open} could not go on with what is held; nothing when it could.
     *
     * @param held by name, what is under any endpoint's name: nothing of it is taken
     */
    public static Optional<String> refusal(Held held) {
        return held.refusal(
                        name -> name.endsWith(KEY_END + Connection.STATE),
                        fd -> KeptMemory.refusal(fd, ConnectionState.LAYOUT))
                .or(() -> held.refusal(
                        name -> name.endsWith(KEY_END + PciFunction.CONTROLLER),
                        fd -> KeptMemory.refusal(fd, Controller.KEPT)));
    }

    private void adopt(Held held) {
        for (String key : held.groups(KEY_END)) {
            try (Held own = held.takeAll(key + KEY_END)) {
                home.call(() -> adopt(key, own));
            }
        }
        held.close();
    }

    private boolean adopt(String key, Held own) {
        Holder its = holder.under(key + KEY_END);
        try {
            Connection connection = Connection.adopt(this, its, own);
            if (connection != null) {
                connections.add(connection);
                connection.home().add(connection);
                activated();
                return true;
            }
        } catch (RuntimeException e) {
            its.drop("");
            report(e);
        }
        return false;
    }

    /** The clients that have a controller. From any thread. */
    public List<PeerCredentials> connections() {
        return active;
    }

    /** Asks the clients to let go of the device (QEMU then unplugs it); how many listen to that. */
    public int requestRelease() {
        int asked = 0;
        for (Connection connection : connections) {
            asked += connection.home().call(connection::requestRelease) ? 1 : 0;
        }
        return asked;
    }

    /** The devices of the clients that have one, to be moved to where their VMs go. From any thread. */
    public List<MovingDevice> devices() {
        return connections.stream()
                .filter(Connection::active)
                .map(MovingDevice::new)
                .toList();
    }

    /** Where clients are accepted. */
    public Home home() {
        return home;
    }

    /** On the endpoint's reactor: where those clients are that have no controller yet. */
    public List<Home> newcomers() {
        return connections.stream()
                .filter(connection -> !connection.active())
                .map(Connection::home)
                .toList();
    }

    /** Accepts no one any more and removes the socket file; clients stay. Not on the reactor. */
    public void stopListening() {
        home.call(() -> {
            Watch listening = watch;
            if (listening != null) {
                listening.close();
                watch = null;
            }
            return true;
        });
        listener.close();
    }

    /** Ends all connections and removes the socket file. Not on the reactor. */
    @Override
    public void close() {
        stopListening();
        for (Connection connection : connections) {
            connection.home().call(() -> {
                connection.end("the endpoint is closed");
                return true;
            });
        }
    }

    Reclaimer reclaimer() {
        return Shared.RECLAIMER;
    }

    private void accept() {
        try {
            for (UnixSocket socket = listener.accept(); socket != null; socket = listener.accept()) {
                if (connections.size() >= CONNECTIONS_MAX) {
                    socket.close();
                    continue;
                }
                admit(socket);
            }
        } catch (NativeException e) {
            factory.failed(e);
            pause();
        }
    }

    private void admit(UnixSocket socket) {
        try {
            // Not that of any connection of an earlier process.
            String key = Long.toHexString(ThreadLocalRandom.current().nextLong());
            Connection connection = new Connection(this, socket, holder.under(key + KEY_END));
            connections.add(connection);
            connection.home().add(connection);
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** The listener stays readable while nobody can be accepted: looking at it again at once would not help. */
    private void pause() {
        Watch paused = watch;
        if (paused == null) {
            return;
        }
        paused.events(0);
        home.add(new Poller() {
            private long untilNs;

            @Override
            public int poll(long nowNs) {
                if (untilNs == 0) {
                    untilNs = nowNs + PAUSE_NS;
                } else if (nowNs - untilNs >= 0) {
                    home.remove(this);
                    paused.events(Epoll.IN);
                }
                return 0;
            }

            @Override
            public long prepareSleep(long nowNs) {
                return untilNs == 0 ? 0 : Math.max(0, untilNs - nowNs);
            }
        });
    }

    @Nullable
    PciFunction open(Connection connection, GuestMemory memory, Capabilities capabilities) {
        boolean trapped = options.doorbells().traps(capabilities);
        ConnectionState state = connection.state();
        int flags = ConnectionState.NEGOTIATED
                | (trapped ? ConnectionState.TRAPPED : 0)
                | (options.msi() ? ConnectionState.MSI_ONLY : 0);
        state.publishInt(ConnectionState.FLAGS, flags);
        return PciFunction.open(surroundings(connection, memory), options, trapped);
    }

    PciFunction.Surroundings surroundings(Connection connection, GuestMemory memory) {
        int others = (int) connections.stream().filter(Connection::active).count();
        return new PciFunction.Surroundings(
                connection.home(),
                Shared.RECLAIMER,
                factory,
                memory,
                connection.peer(),
                others,
                connection.state(),
                connection.holder(),
                connection::resume);
    }

    void activated() {
        active = connections.stream()
                .filter(Connection::active)
                .map(Connection::peer)
                .toList();
    }

    void ended(Connection connection, String reason) {
        activated();
        factory.ended(connection.peer(), reason);
    }

    void finished(Connection connection) {
        connections.remove(connection);
        connection.home().remove(connection);
    }

    void report(Throwable failure) {
        factory.failed(failure);
    }
}

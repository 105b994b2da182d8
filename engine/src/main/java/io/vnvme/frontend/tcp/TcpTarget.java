package io.vnvme.frontend.tcp;

import io.vnvme.crypto.CryptoException;
import io.vnvme.fabrics.auth.AuthWorkers;
import io.vnvme.fabrics.tls.TlsContext;
import io.vnvme.fabrics.tls.TlsPsk;
import io.vnvme.nvme.FabricsHost;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Status;
import io.vnvme.os.NativeException;
import io.vnvme.os.Reclaimer;
import io.vnvme.os.TcpSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * NVMe/TCP as a whole: ports where hosts are accepted, the subsystems that they can connect to, and who has.
 *
 * <p>Public methods are for threads of the control plane, not for reactors.
 */
public final class TcpTarget implements AutoCloseable {
    /** Hosts with a controller at once: each may have 32 MiB of large buffers, and 5 MiB for a queue that is used deep. */
    private static final int ASSOCIATIONS_MAX = 512;

    /** One host has one of them at a time. */
    private static final int AUTH_THREADS = 2;

    private static final String NAME = "name";
    private static final String IDENTIFIER = "identifier";

    private final TargetEvents events;
    private final Home home;
    private final Reclaimer reclaimer = Reclaimer.start();
    private volatile @Nullable TlsContext tls;
    private final AuthWorkers authWorkers = AuthWorkers.start("host-auth", AUTH_THREADS);
    private final Reception reception;
    private final DiscoverySubsystem discovery;
    private final Map<String, TcpSubsystem> subsystems = new ConcurrentHashMap<>();
    private final List<ListeningPort> ports = new CopyOnWriteArrayList<>();
    private final Map<Identity, Association> associations = new ConcurrentHashMap<>();
    private final AtomicInteger alive = new AtomicInteger();
    private final AtomicInteger lastPortId = new AtomicInteger();
    private final AtomicLong generation = new AtomicLong(1);
    private final AtomicLong refusals = new AtomicLong();
    private final AtomicLong drops = new AtomicLong();

    private volatile List<InetSocketAddress> referrals = List.of();

    private record Identity(String nqn, int controllerId) {}

    /**
     * A host that is connected.
     *
     * @param port where it came in
     * @param queues I/O queues that it has connected
     */
    public record Connected(
            String subsystemNqn, String hostNqn, String peer, ListeningPort port, int controllerId, int queues) {}

    private TcpTarget(Reactor reactor, TargetEvents events) {
        this.events = events;
        home = new Home(reactor);
        discovery = new DiscoverySubsystem(this, home);
        subsystems.put(discovery.nqn(), discovery);
        reception = home.call(() -> new Reception(this, home));
    }

    /** @param reception the reactor that meets connections until they have said what they want: best one that does nothing else */
    public static TcpTarget open(Reactor reception, TargetEvents events) {
        return new TcpTarget(reception, events);
    }

    /**
     * Accepts hosts at an address.
     *
     * @param address port 0: any that is free
     * @param advertised what hosts are told to connect to, see {@link ListeningPort}
     * @throws NativeException EADDRINUSE when another process has the port
     */
    public ListeningPort listen(InetSocketAddress address, @Nullable String advertised) {
        ListeningPort wanted = new ListeningPort(lastPortId.incrementAndGet(), address, advertised);
        TcpSocket socket = Reception.bind(wanted);
        ListeningPort bound = new ListeningPort(wanted.id(), socket.local(), advertised);
        home.call(() -> {
            reception.listen(bound, socket);
            return true;
        });
        ports.add(bound);
        discoveryChanged();
        return bound;
    }

    /** Accepts no one there any more; who has come by it stays. */
    public void unlisten(ListeningPort port) {
        if (ports.remove(port)) {
            home.call(() -> {
                reception.unlisten(port);
                return true;
            });
            discoveryChanged();
        }
    }

    public List<ListeningPort> ports() {
        return List.copyOf(ports);
    }

    /** From now on hosts find the subsystem. */
    public void publish(TcpSubsystem subsystem) {
        subsystems.put(subsystem.nqn(), subsystem);
        discoveryChanged();
    }

    /** Hosts find it no more, and those that have controllers lose them. */
    public void withdraw(TcpSubsystem subsystem) {
        if (subsystems.remove(subsystem.nqn(), subsystem)) {
            discoveryChanged();
        }
        end(a -> a.subsystem() == subsystem, "the subsystem is served no more");
    }

    /** A subsystem admits other hosts than before: those that it does not lose their controllers. */
    public void admissionChanged(TcpSubsystem subsystem) {
        discoveryChanged();
        associations.values().stream()
                .filter(a -> a.subsystem() == subsystem)
                .forEach(a -> a.home().call(() -> {
                    // There, where no queue is just being connected.
                    a.admissionChanged();
                    return true;
                }));
    }

    private void end(Predicate<Association> which, String reason) {
        associations.values().stream()
                .filter(which)
                .forEach(a -> a.home().call(() -> {
                    a.end(reason);
                    return true;
                }));
    }

    /** Who has a controller of a subsystem other than discovery, a moment ago. */
    public List<Connected> connected() {
        return associations.values().stream()
                .filter(a -> a.subsystem() != discovery)
                .map(a -> new Connected(
                        a.subsystem().nqn(), a.hostNqn(), a.peer(), a.port(), a.controllerId(), a.ioQueueCount()))
                .toList();
    }

    /** Connect commands of hosts that were not let in. */
    public long refusals() {
        return refusals.get();
    }

    /** Connections that ended because their peer broke the protocol or said nothing. */
    public long drops() {
        return drops.get();
    }

    /** Ends all, and returns when nothing of it is left. */
    @Override
    public void close() {
        home.call(() -> {
            reception.close();
            return true;
        });
        ports.clear();
        end(_ -> true, "the daemon ends");
        authWorkers.close();
        reclaimer.close();
        TlsContext made = tls;
        if (made != null) {
            made.close();
        }
    }

    /**
     * TLS towards hosts, made when the first one wants it. On the reception's reactor.
     *
     * @throws CryptoException when there is no OpenSSL on this host
     */
    TlsContext tls() {
        TlsContext made = tls;
        if (made == null) {
            made = TlsContext.server(this::tlsKey);
            tls = made;
        }
        return made;
    }

    private Optional<TlsPsk> tlsKey(String identity) {
        return TlsPeer.of(identity)
                .flatMap(of -> Optional.ofNullable(subsystems.get(of.subsystemNqn()))
                        .flatMap(subsystem -> subsystem.terms(of.hostNqn()).tls())
                        .flatMap(key -> key.psks(of.hostNqn(), of.subsystemNqn()).stream()
                                .filter(psk -> psk.identity().equals(identity))
                                .findFirst()));
    }

    TcpSubsystem discovery() {
        return discovery;
    }

    Reclaimer reclaimer() {
        return reclaimer;
    }

    AuthWorkers authWorkers() {
        return authWorkers;
    }

    void report(Throwable failure) {
        events.failed(failure);
    }

    void turnedAway(String peer, String why) {
        events.turnedAway(peer, why);
    }

    void dropped(String peer, String why) {
        drops.incrementAndGet();
        events.dropped(peer, why);
    }

    /** Discovery controllers elsewhere that hosts are told of from now on, instead of those before. */
    public void referrals(List<InetSocketAddress> elsewhere) {
        referrals = List.copyOf(elsewhere);
        discoveryChanged();
    }

    MemorySegment discoveryLog(String hostNqn, InetSocketAddress local) {
        List<DiscoveryLog.Entry> entries = subsystems.values().stream()
                .filter(s -> s != discovery)
                .sorted(Comparator.comparing(TcpSubsystem::nqn))
                .flatMap(s -> ports.stream()
                        .filter(port -> s.admits(hostNqn, port))
                        .map(port -> new DiscoveryLog.Entry(
                                s.nqn(), port, s.terms(hostNqn).encrypt())))
                .toList();
        return DiscoveryLog.of(generation.get(), entries, referrals, local);
    }

    private void discoveryChanged() {
        generation.incrementAndGet();
        associations.values().stream()
                .filter(a -> a.subsystem() == discovery)
                .forEach(a -> a.home().execute(a::discoveryChanged));
    }

    /**
     * A host has said what it wants: it goes on at the reactor that has it. On the reception's reactor.
     *
     * @throws ConnectRefused when it cannot have it
     */
    void connect(Connection connection, ConnectRequest request) {
        TcpSubsystem subsystem = subsystems.get(request.subsystemNqn());
        if (subsystem == null) {
            throw away(connection, request);
        }
        check(subsystem, connection, request);
        if (request.queueId() == 0) {
            if (request.controllerId() != Fabrics.CNTLID_DYNAMIC) {
                throw ConnectRefused.data(Fabrics.CNTLID, "controllers are dynamic");
            }
            hand(connection, subsystem.home(), () -> Association.open(this, subsystem, connection, request));
        } else {
            Association association = associations.get(new Identity(request.subsystemNqn(), request.controllerId()));
            if (association == null) {
                throw ConnectRefused.controllerGone(request.controllerId());
            }
            hand(connection, association.home(), () -> association.connect(connection, request));
        }
    }

    /**
     * Whether a host may connect as things are now. From any thread.
     *
     * @throws ConnectRefused when it may not
     */
    void check(TcpSubsystem subsystem, Connection connection, ConnectRequest request) {
        String nqn = request.host().nqn();
        if (subsystems.get(subsystem.nqn()) != subsystem) {
            throw away(connection, request);
        }
        if (!subsystem.admits(nqn, connection.port())) {
            refused(connection, request, "the host is not allowed");
            throw new ConnectRefused(Status.CONNECT_INVALID_HOST, 0, "host " + nqn);
        }
        String refusal = connection.mayBe(nqn, request.subsystemNqn())
                ? subsystem.terms(nqn).refusal(connection.encrypted())
                : "the TLS key that it came with is another host's, or for another subsystem";
        if (!refusal.isEmpty()) {
            refused(connection, request, refusal);
            throw new ConnectRefused(Status.CONNECT_INVALID_HOST, 0, refusal);
        }
    }

    private ConnectRefused away(Connection connection, ConnectRequest request) {
        String nqn = request.subsystemNqn();
        if (events.returns(nqn, request.host().nqn())) {
            return ConnectRefused.untilLater("subsystem %s is not served at this time".formatted(nqn));
        }
        refused(connection, request, "no such subsystem");
        return ConnectRefused.data(Fabrics.SUBNQN, "no subsystem " + nqn);
    }

    /**
     * Host names and identifiers go together: reservations know a host by its identifier, so that two hosts with one would be
     * taken for each other. Who has yet to show who it is keeps nobody out. From any thread.
     *
     * @return what a host has in common with another one that is connected; empty: both name and identifier of none, or of one
     */
    String twin(TcpSubsystem subsystem, FabricsHost here) {
        for (Association other : associations.values()) {
            FabricsHost there = other.host();
            boolean sameName = there.nqn().equals(here.nqn());
            boolean sameId = there.idLow() == here.idLow() && there.idHigh() == here.idHigh();
            if (other.subsystem() == subsystem && subsystem != discovery && sameName != sameId && other.proven()) {
                return "its %s is that of %s at %s, which is connected with another %s: a copied machine has to get its own"
                        .formatted(
                                sameName ? NAME : IDENTIFIER, there.nqn(), other.peer(), sameName ? IDENTIFIER : NAME);
            }
        }
        return "";
    }

    /** On the reactor of {@code subsystem}'s home. @throws ConnectRefused for the host that has something of another one */
    void fence(TcpSubsystem subsystem, Connection connection, ConnectRequest request) {
        String twin = twin(subsystem, request.host());
        if (!twin.isEmpty()) {
            refused(connection, request, twin);
            boolean sameName = twin.startsWith("its " + NAME);
            throw ConnectRefused.data(
                    sameName ? Fabrics.HOSTID : Fabrics.HOSTNQN,
                    "another host has the %s".formatted(sameName ? NAME : IDENTIFIER));
        }
    }

    private void hand(Connection connection, Home to, Runnable arrival) {
        reception.forget(connection);
        connection.leaveReception();
        to.execute(() -> {
            try {
                arrival.run();
            } catch (ConnectRefused e) {
                connection.refuse(e);
            } catch (RuntimeException | Error e) {
                // Whatever it is, the connection is nobody's any more.
                report(e);
                connection.close();
            }
        });
    }

    private void refused(Connection connection, ConnectRequest request, String why) {
        refused(request.subsystemNqn(), request.host().nqn(), connection.peer(), why);
    }

    void refused(String subsystemNqn, String hostNqn, String peer, String why) {
        refusals.incrementAndGet();
        events.refused(subsystemNqn, hostNqn, peer, why);
    }

    /** A host could not show who it is. */
    void refused(Association association, String why) {
        refused(association.subsystem().nqn(), association.hostNqn(), association.peer(), why);
    }

    /** Makes room for one more association. @throws ConnectRefused when there is none */
    void admit() {
        if (alive.incrementAndGet() > ASSOCIATIONS_MAX) {
            alive.decrementAndGet();
            throw new ConnectRefused(Status.CONNECT_CONTROLLER_BUSY, 0, "too many hosts");
        }
    }

    void began(Association association) {
        associations.put(identity(association), association);
    }

    void ended(Association association) {
        associations.remove(identity(association), association);
    }

    /** Nothing of it is left. */
    void finished() {
        alive.decrementAndGet();
    }

    private static Identity identity(Association association) {
        return new Identity(association.subsystem().nqn(), association.controllerId());
    }

    /** A connection that has said nothing of use is gone. */
    void newcomerGone(Connection connection) {
        home.execute(() -> reception.forget(connection));
    }

    /** A peer is to read what was sent to it last. */
    void farewell(TcpSocket socket) {
        home.execute(() -> {
            if (reception.closed()) {
                socket.close();
            } else {
                reception.farewells().add(socket);
            }
        });
    }
}

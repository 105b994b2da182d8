package io.vnvme.control.plane;

import io.vnvme.control.model.Qos;
import io.vnvme.control.plane.DataPlane.ConnectedHost;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.frontend.tcp.ListeningPort;
import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.handover.Held;
import io.vnvme.nvme.AnaState;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.IoCounters;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.Fd;
import io.vnvme.os.PeerCredentials;
import io.vnvme.qos.Share;
import io.vnvme.qos.Turn;
import io.vnvme.qos.WaitCause;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Reactor;
import io.vnvme.telemetry.CommandMeter;
import io.vnvme.volume.Volume;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One vNVMe of the engine: a subsystem with one namespace, and the socket that leads to it. */
final class EngineExport implements DataPlane.Export, ControllerFactory, Home.Resident {
    private static final Logger LOG = System.getLogger(EngineExport.class.getName());
    /** What clients' connections are held under, by the vNVMe's UUID. */
    static final String HELD = "pci/";

    private static final String MODEL = "vNVMe Virtual NVMe Drive";
    private static final String FIRMWARE = "0.1";
    /** Owner and group may connect; QEMU often runs as a user of its own in the daemon's group. */
    private static final int SOCKET_MODE = 0660;

    /** CNTLIDs are 1 to FFEFh (NVM Express Base 2.0, 5.17.2.1). */
    private static final int CONTROLLER_IDS = 0xffef;

    private volatile EnginePool pool;
    private final EngineDataPlane dataPlane;
    private final String name;
    private final Subsystem subsystem;
    private final Share share;
    private final Namespace namespace;
    private final EngineTcpSubsystem overTcp;
    private final KeptReservations reservations;
    private final List<EngineConnection> connections = new CopyOnWriteArrayList<>();
    private final Queue<Adopted> adoptions = new ConcurrentLinkedQueue<>();
    /**
     * Where counting begins: a guest may still have a dead controller from before a restart, and refuses a new one with
     * its identifier.
     */
    private final int firstControllerId = ThreadLocalRandom.current().nextInt(CONTROLLER_IDS);

    private volatile @Nullable VfioUserEndpoint endpoint;
    private volatile boolean closed;
    private volatile Access access;
    private volatile boolean arriving;
    private volatile @Nullable EngineMirror mirror;
    /** Of the reactor's thread alone. */
    private Qos qos;
    /** What was counted for reactors that it has left. */
    private ReactorCounters taken = ReactorCounters.NONE;

    private EngineExport(
            EnginePool pool, EngineDataPlane dataPlane, VnvmeRecord vnvme, String volumeName, Volume volume) {
        this.pool = pool;
        this.qos = vnvme.qos();
        this.access = vnvme.access();
        this.dataPlane = dataPlane;
        this.name = vnvme.name();
        this.subsystem = new Subsystem(vnvme.nqn(), vnvme.serial(), MODEL, FIRMWARE);
        subsystem.multipath(access.shared());
        this.share = pool.home().call(() -> {
            pool.home().add(this);
            return dataPlane.groups().share(pool.home(), qos);
        });
        this.namespace = new Namespace(
                vnvme.nsid(),
                new NamespaceIdentity(UUID.fromString(vnvme.uuid()), vnvme.nguid(), vnvme.eui64()),
                volume,
                vnvme.blockSizeBytes(),
                false,
                share);
        namespace.named(vnvme.name());
        this.reservations = new KeptReservations(name, UUID.fromString(vnvme.uuid()), pool);
        reservations.restore(namespace, volumeName);
        this.overTcp = new EngineTcpSubsystem(this, dataPlane, vnvme.nqn(), Set.copyOf(vnvme.hosts()));
    }

    /** While nothing moves. */
    static EngineExport open(
            EnginePool pool, VnvmeRecord vnvme, String volume, Path socket, EngineDataPlane dataPlane) {
        EngineExport export = new EngineExport(pool, dataPlane, vnvme, volume, pool.volume(volume));
        Held clients = dataPlane.handover().takeAll(held(vnvme));
        try {
            export.endpoint = VfioUserEndpoint.open(
                    pool.home().reactor(),
                    socket,
                    export,
                    new VfioUserEndpoint.Options(
                            vnvme.msi(), VfioUserEndpoint.Options.VECTORS, SOCKET_MODE, doorbells(vnvme)),
                    dataPlane.handover().holder().under(held(vnvme)),
                    clients);
        } catch (RuntimeException e) {
            // Where nobody could listen they wait for the next time.
            dataPlane.handover().giveBack(held(vnvme), clients);
            export.reservations.leave(export.namespace);
            export.leavePool();
            throw e;
        }
        return export;
    }

    /** What its clients' connections are held under. */
    static String held(VnvmeRecord vnvme) {
        return HELD + vnvme.uuid() + "/";
    }

    /** Clients that an earlier process served go on; who was shown another vNVMe does when that is served. */
    void goOn() {
        for (Adopted adopted = adoptions.poll(); adopted != null; adopted = adoptions.poll()) {
            if (adopted.shown().isPresent()) {
                dataPlane.handover().later(adopted);
            } else {
                adopted.goOn();
            }
        }
    }

    /**
     * A client that waits for its controller to resume.
     *
     * @param shown another vNVMe than that whose socket it is connected to, which an earlier process showed it
     */
    record Adopted(EngineConnection connection, Optional<String> shown, Runnable resume) {
        void goOn() {
            connection.goOn(shown, resume);
        }

        /** Whether it was shown that one. */
        boolean expects(String vnvme) {
            return connection.open() && shown.filter(vnvme::equals).isPresent();
        }

        /**
         * Whether what it was shown is not served, and may be later.
         *
         * @param known of the name of a vNVMe: whether there is such a one
         */
        boolean waits(Predicate<String> known) {
            return connection.open()
                    && shown.filter(known).filter(v -> !connection.serves(v)).isPresent();
        }
    }

    @Override
    public Device adopt(Host host, Fd state, Runnable resume) {
        Turn turn = turn();
        Controller controller =
                Controller.adopt(subsystem, state, host.memory(), host.interrupts(), host.doorbells(), turn);
        EngineConnection connection = connection(host, controller, turn);
        Optional<String> shown = connection.readNote();
        if (shown.filter(name::equals).isPresent()) {
            // At once, so that nobody comes between.
            show(controller);
            connection.shows();
        }
        adoptions.add(new Adopted(connection, shown.filter(n -> !n.equals(name)), resume));
        return Device.of(controller, connection::ended);
    }

    private EngineConnection connection(Host host, Controller controller, Turn turn) {
        EngineConnection connection = new EngineConnection(
                host.home(),
                dataPlane,
                this,
                controller,
                turn,
                new EngineConnection.Client(host.peer().pid(), ""),
                host.note());
        began(connection);
        return connection;
    }

    private static DoorbellAccess doorbells(VnvmeRecord vnvme) {
        String word = vnvme.doorbells();
        return word == null ? DoorbellAccess.AUTO : DoorbellAccess.of(word);
    }

    /**
     * A client gets a controller as long as nobody else is shown the namespace - but for hosts over TCP, where it is shared, or while
     * the guest arrives: nobody writes under a guest's feet.
     */
    @Override
    public @Nullable Device open(Host host) {
        if (!freeForVm()) {
            return null;
        }
        Turn turn = turn();
        Controller controller =
                new Controller(subsystem, nextControllerId(), host.memory(), host.interrupts(), host.doorbells(), turn);
        show(controller);
        EngineConnection connection = connection(host, controller, turn);
        connection.takeNote();
        return Device.of(controller, connection::ended);
    }

    @Override
    public void ended(PeerCredentials peer, String reason) {
        LOG.log(Level.INFO, "vNVMe {0}: process {1} is gone: {2}", name, String.valueOf(peer.pid()), reason);
    }

    @Override
    public void failed(Throwable failure) {
        LOG.log(Level.ERROR, "vNVMe %s: a connection failed".formatted(name), failure);
    }

    /** On the pool's reactor: neither one that has it, nor one that had it and waits for it. */
    boolean freeForVm() {
        return unshown() && !dataPlane.handover().expects(name);
    }

    /** On the pool's reactor: whether a client may be shown it beside those that are. */
    boolean unshown() {
        List<Controller> there = namespace.controllers();
        return mayShare() ? there.stream().allMatch(overTcp::has) : there.isEmpty();
    }

    /** On the pool's reactor: whether hosts may have it beside those that do. */
    boolean freeForHosts() {
        return mayShare()
                || namespace.controllers().stream().allMatch(overTcp::has)
                        && !dataPlane.handover().expects(name);
    }

    private boolean mayShare() {
        return access.shared() || arriving;
    }

    /** On the pool's reactor: a controller has the namespace from now on, by the path that it is. */
    void show(Controller controller) {
        reach(controller);
        controller.namespaces().attach(namespace);
    }

    private void reach(Controller controller) {
        Access now = access;
        String path = overTcp.port(controller).orElse(Access.PCI);
        AnaState state = AnaState.of(now.state(path)).orElse(AnaState.OPTIMIZED);
        controller.access().set(now.group(), state);
    }

    boolean admits(ListeningPort port) {
        return access.admits(TcpPort.where(port.address()));
    }

    int nextControllerId() {
        while (true) {
            int id = 1 + (firstControllerId + subsystem.nextControllerId()) % CONTROLLER_IDS;
            if (connections.stream().noneMatch(c -> c.controllerId() == id)) {
                return id;
            }
        }
    }

    /** On the pool's reactor: a turn there for one more controller. */
    Turn turn() {
        return share.scheduler().turn();
    }

    Subsystem subsystem() {
        return subsystem;
    }

    void began(EngineConnection connection) {
        connections.add(connection);
    }

    /** What hosts over TCP see of it. */
    EngineTcpSubsystem overTcp() {
        return overTcp;
    }

    void ended(EngineConnection connection) {
        connections.remove(connection);
        forgetWhenEmpty();
    }

    /** It has ended when its last controller has: until then that moves with the pool that has its commands. */
    private void forgetWhenEmpty() {
        if (closed && connections.isEmpty()) {
            dataPlane.forget(this);
        }
    }

    String name() {
        return name;
    }

    Namespace namespace() {
        return namespace;
    }

    EnginePool pool() {
        return pool;
    }

    KeptReservations reservations() {
        return reservations;
    }

    /** On the reactor of both pools: its volume is in another one from now on. */
    void moved(EnginePool target) {
        pool.home().remove(this);
        pool = target;
        target.home().add(this);
        dataPlane.controllers().filter(c -> c.shown().contains(name)).forEach(c -> c.moved(target));
        reservations.thaw(target);
    }

    @Override
    public VolumeMove move(OpenPool target, String volume, Optional<String> since) {
        return EngineMove.begin(dataPlane, this, (EnginePool) target, volume, since);
    }

    @Override
    public synchronized VolumeMirror mirror(MirrorTarget target) {
        EngineMirror begun = dataPlane.mirror(this, target);
        mirror = begun;
        return begun;
    }

    @Override
    public void arriving(boolean arrives) {
        arriving = arrives;
    }

    @Override
    public void reservations(byte[] handed) {
        pool.keep(
                namespace.identity().uuid(),
                EngineFailure.translated(() -> pool.home().call(() -> namespace.takeOverReservations(handed))));
    }

    /** On the pool's reactor: the listener, and clients that have no controller yet. */
    List<Home> sockets() {
        VfioUserEndpoint current = endpoint;
        if (current == null) {
            return List.of();
        }
        List<Home> homes = new ArrayList<>(current.newcomers());
        homes.add(current.home());
        return homes;
    }

    /** Those of its clients, whatever they show now. From any thread. */
    Stream<EngineConnection> controllers() {
        return connections.stream();
    }

    @Override
    public boolean settled() {
        return true;
    }

    @Override
    public void leave() {
        share.leave();
        dataPlane.tally().leaves(this, pool.home().reactor());
    }

    @Override
    public void enter(Reactor reactor) {
        dataPlane.groups().enter(share, pool.home(), qos);
    }

    @Override
    public List<Connection> connections() {
        return List.copyOf(connections);
    }

    @Override
    public ExportCounters counters() {
        CommandMeter commands = namespace.commands();
        IoCounters bytes = namespace.counters();
        return new ExportCounters(
                commands.read(CommandMeter.READ),
                commands.read(CommandMeter.WRITE),
                commands.read(CommandMeter.OTHER),
                bytes.readBytes(),
                bytes.writeBytes(),
                namespace.controllers().stream().mapToInt(Controller::inFlight).sum(),
                bytes.errors(),
                bytes.mediaErrors(),
                waits());
    }

    private List<ExportCounters.Wait> waits() {
        long nowNs = System.nanoTime();
        return Arrays.stream(WaitCause.values())
                .map(cause -> new ExportCounters.Wait(cause, namespace.waits(cause), namespace.waitNs(cause, nowNs)))
                .toList();
    }

    private ReactorCounters ended() {
        ExportCounters now = counters();
        return new ReactorCounters(
                now.reads().total(),
                now.writes().total(),
                now.others().total(),
                now.readBytes(),
                now.writtenBytes(),
                now.errors());
    }

    /** What has ended since it was taken last; with the tally's lock. */
    ReactorCounters untaken() {
        return ended().since(taken);
    }

    /** Takes that; with the tally's lock. */
    ReactorCounters take() {
        ReactorCounters ended = ended();
        ReactorCounters since = ended.since(taken);
        taken = ended;
        return since;
    }

    @Override
    public void resized() {
        pool.home().call(() -> {
            namespace.controllers().forEach(c -> c.namespaces().changed(namespace.nsid()));
            return true;
        });
    }

    @Override
    public void qos(Qos changed) {
        pool.home().call(() -> {
            qos = changed;
            dataPlane.groups().set(share, pool.home(), changed);
            return true;
        });
    }

    @Override
    public void hosts(Set<String> allowed) {
        overTcp.allowed(allowed);
        dataPlane.admissionChanged(overTcp);
    }

    @Override
    public void access(Access changed) {
        access = changed;
        subsystem.multipath(changed.shared());
        pool.home().call(() -> {
            namespace.controllers().forEach(this::reach);
            return true;
        });
        dataPlane.admissionChanged(overTcp);
    }

    @Override
    public List<ConnectedHost> connectedHosts() {
        return dataPlane.connectedHosts(overTcp);
    }

    @Override
    public List<MovingDevice> devices() {
        VfioUserEndpoint current = endpoint;
        return current == null ? List.of() : current.devices();
    }

    @Override
    public void stopListening() {
        dataPlane.withdraw(overTcp);
        VfioUserEndpoint current = endpoint;
        if (current != null) {
            current.stopListening();
        }
        dataPlane.orphaned(name, this);
    }

    @Override
    public void close() {
        dataPlane.withdraw(overTcp);
        VfioUserEndpoint current = endpoint;
        if (current != null) {
            endpoint = null;
            current.close();
        }
        EngineMirror last = mirror;
        if (last != null) {
            last.close();
        }
        reservations.end(namespace);
        leavePool();
        dataPlane.orphaned(name, this);
        closed = true;
        forgetWhenEmpty();
    }

    private void leavePool() {
        pool.home().call(() -> {
            pool.home().remove(this);
            dataPlane.tally().leaves(this, pool.home().reactor());
            return true;
        });
    }
}

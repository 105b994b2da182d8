package io.vnvme.control.plane;

import io.vnvme.frontend.tcp.ConnectRefused;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.frontend.tcp.ListeningPort;
import io.vnvme.frontend.tcp.TcpSubsystem;
import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.wire.Status;
import io.vnvme.qos.Turn;
import io.vnvme.reactor.Home;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A vNVMe towards hosts over TCP. */
final class EngineTcpSubsystem implements TcpSubsystem {
    private static final Logger LOG = System.getLogger(EngineTcpSubsystem.class.getName());

    private final EngineExport export;
    private final EngineDataPlane dataPlane;
    private final String nqn;
    /** Of the pool's reactor alone. */
    private final Map<Controller, EngineConnection> connections = new ConcurrentHashMap<>();

    private final Map<Controller, ListeningPort> ports = new ConcurrentHashMap<>();

    private volatile Set<String> allowed;
    private volatile boolean withdrawn;

    EngineTcpSubsystem(EngineExport export, EngineDataPlane dataPlane, String nqn, Set<String> allowed) {
        this.export = export;
        this.dataPlane = dataPlane;
        this.nqn = nqn;
        this.allowed = Set.copyOf(allowed);
    }

    @Override
    public String nqn() {
        return nqn;
    }

    @Override
    public Home home() {
        return export.pool().home();
    }

    @Override
    public boolean admits(String hostNqn, ListeningPort port) {
        return allowed.contains(hostNqn) && export.admits(port);
    }

    @Override
    public HostTerms terms(String hostNqn) {
        return dataPlane.keyring().terms(nqn, hostNqn);
    }

    void allowed(Set<String> hosts) {
        allowed = Set.copyOf(hosts);
    }

    void withdrawn() {
        withdrawn = true;
    }

    /** Whether it is a host's. */
    boolean has(Controller controller) {
        return ports.containsKey(controller);
    }

    /** Where its host came in; nothing of a VM's controller. */
    Optional<String> port(Controller controller) {
        return Optional.ofNullable(ports.get(controller)).map(port -> TcpPort.where(port.address()));
    }

    /** Hosts may share a namespace, and reserve it; a VM that has it shares it with nobody, or with them all where it is said so. */
    @Override
    public Controller open(Host host) {
        boolean withVm = !export.freeForHosts();
        if (withdrawn || withVm) {
            String why = withVm ? "a VM has it" : "it is served no more";
            throw new ConnectRefused(Status.CONNECT_CONTROLLER_BUSY, 0, why);
        }
        Turn turn = export.turn();
        Controller controller = Controller.overFabrics(
                export.subsystem(),
                export.nextControllerId(),
                host.identity(),
                host.limits(),
                host.memory(),
                host.doorbells(),
                turn);
        ports.put(controller, host.port());
        export.show(controller);
        EngineConnection connection = new EngineConnection(
                host.home(),
                dataPlane,
                export,
                controller,
                turn,
                new EngineConnection.Client(0, host.identity().nqn()),
                ControllerFactory.Note.none());
        connections.put(controller, connection);
        export.began(connection);
        LOG.log(
                Level.INFO,
                "vNVMe {0}: host {1} at {2} is there",
                export.name(),
                host.identity().nqn(),
                host.peer());
        return controller;
    }

    @Override
    public void ended(Controller controller, String reason) {
        ports.remove(controller);
        EngineConnection connection = connections.remove(controller);
        if (connection != null) {
            connection.ended();
            LOG.log(
                    Level.INFO,
                    "vNVMe {0}: host {1} is gone: {2}",
                    export.name(),
                    connection.host().orElse(""),
                    reason);
        }
    }
}

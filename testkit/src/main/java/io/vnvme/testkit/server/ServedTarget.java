package io.vnvme.testkit.server;

import io.vnvme.drive.Drive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.tcp.ConnectRefused;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.frontend.tcp.ListeningPort;
import io.vnvme.frontend.tcp.TargetEvents;
import io.vnvme.frontend.tcp.TcpSubsystem;
import io.vnvme.frontend.tcp.TcpTarget;
import io.vnvme.nvme.AnaState;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.nvme.wire.Status;
import io.vnvme.qos.Scheduler;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import io.vnvme.volume.LinearVolume;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** A RAM drive as the only namespace of a subsystem that hosts reach over TCP on the loopback, with reactors of its own. */
public final class ServedTarget implements AutoCloseable {
    public static final String NQN = "nqn.2026-01.io.vnvme:served";

    private final Reactor reception;
    private final Reactor reactor;
    private final Drive drive;
    private final Namespace namespace;
    private final TcpTarget target;
    private final ListeningPort port;
    private final Served served;
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final List<String> refusals = new CopyOnWriteArrayList<>();
    private final List<String> drops = new CopyOnWriteArrayList<>();
    private final List<String> endings = new CopyOnWriteArrayList<>();
    // Of the reactor alone.
    private final Map<Integer, Path> paths = new HashMap<>();
    private final Map<Controller, Integer> controllers = new HashMap<>();
    private volatile String denied = "";
    private volatile String away = "";
    private volatile HostTerms terms = HostTerms.NONE;
    private volatile Runnable whileOpening = () -> {};

    private record Path(int group, AnaState state) {}

    private ServedTarget(long sizeBytes, int blockBytes, IdlePolicy idle, int cpu) {
        drive = RamDrive.create("served", sizeBytes);
        NamespaceIdentity identity = NamespaceIdentity.of(new UUID(1, 2));
        namespace = new Namespace(1, identity, new LinearVolume(drive, 0, sizeBytes), blockBytes, false);
        reception = Reactor.start("reception", -1, IdlePolicy.INTERRUPT, failures::add);
        reactor = Reactor.start("served", cpu, idle, failures::add);
        target = TcpTarget.open(reception, new Events());
        served = new Served();
        target.publish(served);
        port = target.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null);
    }

    /** Serves a drive of {@code sizeBytes} until closed, in blocks of 512 bytes. */
    public static ServedTarget open(long sizeBytes) {
        return new ServedTarget(sizeBytes, 512, Idle.policy(), -1);
    }

    /** The same with a reactor that is pinned and idle in its own way. */
    public static ServedTarget open(long sizeBytes, IdlePolicy idle, int cpu) {
        return new ServedTarget(sizeBytes, 512, idle, cpu);
    }

    public InetSocketAddress address() {
        return port.address();
    }

    /** Where hosts are accepted from the start. */
    public ListeningPort port() {
        return port;
    }

    /** One more port, any that is free. */
    public ListeningPort anotherPort() {
        return target.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null);
    }

    /** The state of the path by a port from now on, for hosts that are there and those that come. */
    public void path(ListeningPort of, int group, AnaState state) {
        onReactor(() -> {
            paths.put(of.id(), new Path(group, state));
            controllers.forEach((controller, id) -> {
                if (id == of.id()) {
                    controller.access().set(group, state);
                }
            });
        });
    }

    public TcpTarget target() {
        return target;
    }

    public Namespace namespace() {
        return namespace;
    }

    /** A host that is let in no more; those that are in stay until {@link TcpTarget#admissionChanged}. */
    public void deny(String hostNqn) {
        denied = hostNqn;
        target.admissionChanged(served);
    }

    /** How hosts have to show who they are from now on; those that have not done so are gone when this returns. */
    public void terms(HostTerms wanted) {
        terms = wanted;
        target.admissionChanged(served);
    }

    /** Something that happens while a host gets its controller: it was admitted, and is not yet connected. */
    public void whileOpening(Runnable action) {
        whileOpening = action;
    }

    /** Hosts find it no more, and those that are in go. */
    public void withdraw() {
        target.withdraw(served);
    }

    /** What no host should be able to cause. */
    public List<Throwable> failures() {
        return failures;
    }

    public List<String> refusals() {
        return refusals;
    }

    public List<String> drops() {
        return drops;
    }

    /** Why each host that is gone went. */
    public List<String> endings() {
        return endings;
    }

    /** Runs on the thread that owns all controllers, and waits for it. */
    public void onReactor(Runnable action) {
        reactor.call(() -> {
            action.run();
            return true;
        });
    }

    @Override
    public void close() {
        target.close();
        reactor.close();
        reception.close();
        drive.close();
    }

    private final class Served implements TcpSubsystem {
        private final Subsystem subsystem = new Subsystem(NQN, "VN0000000001", "vNVMe test", "1.0");
        private final Home home = new Home(reactor);
        private final Scheduler scheduler = new Scheduler();

        @Override
        public String nqn() {
            return NQN;
        }

        @Override
        public Home home() {
            return home;
        }

        @Override
        public boolean admits(String hostNqn, ListeningPort port) {
            return !hostNqn.equals(denied);
        }

        @Override
        public HostTerms terms(String hostNqn) {
            return terms;
        }

        @Override
        public Controller open(Host host) {
            whileOpening.run();
            if (namespace.controllers().size() >= 64) {
                throw new ConnectRefused(Status.CONNECT_CONTROLLER_BUSY, 0, "64 hosts");
            }
            Controller controller = Controller.overFabrics(
                    subsystem,
                    subsystem.nextControllerId(),
                    host.identity(),
                    host.limits(),
                    host.memory(),
                    host.doorbells(),
                    scheduler.turn());
            controller.namespaces().attach(namespace);
            Path path = paths.getOrDefault(host.port().id(), new Path(1, AnaState.OPTIMIZED));
            controller.access().set(path.group(), path.state());
            controllers.put(controller, host.port().id());
            return controller;
        }

        @Override
        public void ended(Controller controller, String reason) {
            controllers.remove(controller);
            endings.add(reason);
        }
    }

    /** A subsystem of that name is not there now, but will be. */
    public void away(String nqn) {
        away = nqn;
    }

    private final class Events implements TargetEvents {
        @Override
        public void refused(String subsystemNqn, String hostNqn, String peer, String why) {
            refusals.add(hostNqn + " at " + subsystemNqn + ": " + why);
        }

        @Override
        public boolean returns(String subsystemNqn, String hostNqn) {
            return away.equals(subsystemNqn);
        }

        @Override
        public void turnedAway(String peer, String why) {
            drops.add("Connect refused: " + why);
        }

        @Override
        public void dropped(String peer, String why) {
            drops.add(why);
        }

        @Override
        public void failed(Throwable failure) {
            failures.add(failure);
        }
    }
}

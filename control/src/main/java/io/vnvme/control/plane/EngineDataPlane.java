package io.vnvme.control.plane;

import io.vnvme.control.model.CheckReport;
import io.vnvme.control.model.DiscoveryInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.drive.nvmetcp.HostIdentity;
import io.vnvme.fabrics.auth.AuthWorkers;
import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.nvme.Namespace;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.reactor.BusyMeter;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The engine in this process: reactors, and what each of them serves. */
public final class EngineDataPlane implements DataPlane {
    private static final Logger LOG = System.getLogger(EngineDataPlane.class.getName());

    private final EngineHandover handover;
    private final HeldKeys keys;
    private final Reactors reactors;
    private final EngineGroups groups;
    private final EngineDrives drives;
    private final Map<UUID, EnginePool> pools = new ConcurrentHashMap<>();
    private final Map<String, EngineExport> exports = new ConcurrentHashMap<>();
    /** All that have controllers: those too of vNVMes that are removed, whose controllers are parked or about to end. */
    private final Set<EngineExport> open = ConcurrentHashMap.newKeySet();

    private final ReactorTally tally = new ReactorTally();
    private final Moves moves;
    private final Balancer balancer;
    private volatile @Nullable EngineTcp tcp;
    private volatile HostKeyring keyring = HostKeyring.NONE;
    private volatile TargetKeyring targets = TargetKeyring.NONE;
    private final AuthWorkers workers;

    private EngineDataPlane(Reactors reactors, HostIdentity host, Holder holder, Held held) {
        this.handover = new EngineHandover(holder, held);
        this.keys = new HeldKeys(handover);
        this.workers = AuthWorkers.start("target-auth", 1);
        this.drives = new EngineDrives(new RemoteHost(host, () -> targets, workers), handover);
        this.reactors = reactors;
        this.groups = new EngineGroups(reactors);
        this.moves = new Moves(reactors, open);
        this.balancer = new Balancer(reactors, pools.values(), open, moves);
    }

    /** With an identity towards targets that lasts as long as this. */
    public static EngineDataPlane start(ReactorSettings settings) {
        return start(settings, UUID.randomUUID());
    }

    /** @param host who we are to targets: the UUID that our host NQN is made of */
    public static EngineDataPlane start(ReactorSettings settings, UUID host) {
        return start(settings, host, Holder.NONE, new Held());
    }

    /**
     * The same, where another process holds what must not close.
     *
     * @param held what it had held for an earlier one of these
     */
    public static EngineDataPlane start(ReactorSettings settings, UUID host, Holder holder, Held held) {
        return new EngineDataPlane(Reactors.start(settings), HostIdentity.of(host), holder, held);
    }

    EngineHandover handover() {
        return handover;
    }

    @Override
    public boolean hasClients() {
        return handover.underWay();
    }

    @Override
    public void settled(Predicate<String> known) {
        handover.settled(known);
    }

    @Override
    public List<String> waiting() {
        return handover.waiting();
    }

    @Override
    public boolean awaited(VnvmeRecord vnvme) {
        return handover.awaited(EngineExport.held(vnvme), vnvme.name());
    }

    @Override
    public void forget(UUID id) {
        handover.forget(id.toString());
    }

    @Override
    public KeptKeys keptKeys() {
        return keys;
    }

    @Override
    public boolean kept(UUID drive) {
        return drives.kept(drive);
    }

    Reactors engineReactors() {
        return reactors;
    }

    EngineGroups groups() {
        return groups;
    }

    ReactorTally tally() {
        return tally;
    }

    Moves moves() {
        return moves;
    }

    /** The node that all drives of a pool which are there are at; nothing when that makes no difference. */
    OptionalInt nodeOf(PoolConfig config) {
        List<OptionalInt> nodes = config.members().stream()
                .flatMap(member -> drives.find(member.drive()).stream())
                .map(drive -> drive.node(reactors.nodes()))
                .distinct()
                .toList();
        return nodes.size() == 1 ? nodes.getFirst() : OptionalInt.empty();
    }

    @Override
    public void group(String name, QosLimits limits) {
        groups.group(name, limits);
    }

    @Override
    public void removeGroup(String name) {
        groups.remove(name);
    }

    private static <T> T blocking(Supplier<T> action) {
        return PlatformThread.call("drives", () -> EngineFailure.translated(action));
    }

    private static void blocking(Runnable action) {
        blocking(() -> {
            action.run();
            return true;
        });
    }

    @Override
    public DriveLook look(DriveSource source) {
        return blocking(() -> drives.look(source));
    }

    @Override
    public DriveFacts claim(DriveSource source, UUID id, String name, boolean force) {
        return blocking(() -> drives.claim(source, id, name, force));
    }

    @Override
    public DriveFacts openDrive(DriveSource source, UUID id) {
        return blocking(() -> drives.openClaimed(source, id));
    }

    @Override
    public void closeDrive(UUID id) {
        blocking(() -> drives.close(id));
    }

    @Override
    public void releaseDrive(UUID id) {
        blocking(() -> drives.release(id));
    }

    @Override
    public void freeDrive(UUID id, String name) {
        blocking(() -> drives.free(id, name));
    }

    @Override
    public Optional<String> driveFailure(UUID id) {
        return drives.find(id).flatMap(EngineDrive::failure);
    }

    @Override
    public DriveErrors driveErrors(UUID id) {
        return drives.find(id).map(EngineDrive::errors).orElse(DriveErrors.NONE);
    }

    @Override
    public Optional<RemoteFacts> remote(UUID id) {
        return drives.remote(id);
    }

    @Override
    public DiscoveryInfo discover(String address) {
        return blocking(() -> RemoteLooks.discover(address, drives.host()));
    }

    @Override
    public Optional<DriveFacts> driveReturned(UUID id) {
        if (!drives.gone(id)) {
            return Optional.empty();
        }
        pools.values().forEach(pool -> pool.driveIs(id, false));
        Optional<DriveFacts> back = blocking(() -> drives.returned(id));
        back.ifPresent(_ -> pools.values().forEach(pool -> pool.driveIs(id, true)));
        return back;
    }

    @Override
    public List<DriveLook> find(List<Path> places) {
        return blocking(() -> drives.find(places));
    }

    @Override
    public OpenPool createPool(PoolPlan plan, PoolListener listener) {
        return blocking(() -> {
            List<EngineDrive> members = plan.sets().stream()
                    .flatMap(List::stream)
                    .map(drives::require)
                    .toList();
            PoolFormat.create(plan, members);
            return open(plan.id(), false, listener);
        });
    }

    @Override
    public OpenPool importPool(UUID pool, boolean degraded, PoolListener listener) {
        return blocking(() -> open(pool, degraded, listener));
    }

    private EnginePool open(UUID id, boolean degraded, PoolListener listener) {
        EnginePool pool = EnginePool.open(this, id, drives.all(), degraded, listener);
        pools.put(id, pool);
        return pool;
    }

    void closed(EnginePool pool) {
        moves.none(() -> {
            if (pools.remove(pool.id(), pool)) {
                reactors.left(reactors.of(pool.home()));
            }
        });
    }

    EngineDrives drives() {
        return drives;
    }

    @Override
    public CheckReport check(String name, List<DriveSource> sources) {
        return blocking(() -> PoolFormat.check(name, sources, drives.host()));
    }

    @Override
    public Export export(VnvmeRecord vnvme, String volume, OpenPool pool, Path socket) {
        moves.none(() -> {
            EngineExport export = EngineExport.open((EnginePool) pool, vnvme, volume, socket, this);
            open.add(export);
            exports.put(vnvme.name(), export);
            EngineTcp serving = tcp;
            if (serving != null) {
                serving.target().publish(export.overTcp());
            }
        });
        EngineExport served = require(vnvme.name());
        served.goOn();
        handover.goOn();
        return served;
    }

    @Override
    public void rehearse(String vnvme, Duration length) {
        EngineExport export = require(vnvme);
        Namespace namespace = export.namespace();
        // Not moved meanwhile: it is a guest without a socket.
        moves.none(() -> {
            RehearsalGuest.run(
                    export.pool().home().reactor(),
                    export,
                    namespace.nsid(),
                    namespace.volume().sizeBytes(),
                    1 << namespace.blockShift(),
                    length);
            tally.forget(export);
        });
    }

    Optional<EngineExport> find(String vnvme) {
        return Optional.ofNullable(exports.get(vnvme));
    }

    EngineExport require(String vnvme) {
        EngineExport export = exports.get(vnvme);
        if (export == null) {
            throw new IllegalStateException("%s is not served".formatted(vnvme));
        }
        return export;
    }

    @Override
    public TcpPort listen(TcpPort port, HostRefusals refusals) {
        AtomicReference<@Nullable TcpPort> bound = new AtomicReference<>();
        moves.none(() -> {
            EngineTcp serving = tcp;
            if (serving == null) {
                serving = new EngineTcp(refusals);
                tcp = serving;
                for (EngineExport export : exports.values()) {
                    serving.target().publish(export.overTcp());
                }
            }
            bound.set(serving.listen(port));
        });
        return Objects.requireNonNull(bound.get());
    }

    @Override
    public void unlisten(String where) {
        EngineTcp serving = tcp;
        if (serving != null) {
            serving.unlisten(where);
        }
    }

    @Override
    public List<TcpPort> tcpPorts() {
        EngineTcp serving = tcp;
        return serving == null ? List.of() : serving.ports();
    }

    @Override
    public void keyring(HostKeyring said) {
        keyring = said;
    }

    @Override
    public void targets(TargetKeyring said) {
        targets = said;
    }

    @Override
    public String hostNqn() {
        return drives.host().identity().nqn();
    }

    EngineMirror mirror(EngineExport export, MirrorTarget target) {
        return PlatformThread.call(
                "mirror", () -> EngineFailure.translated(() -> EngineMirror.begin(export, target, drives.host())));
    }

    HostKeyring keyring() {
        return keyring;
    }

    @Override
    public TcpCounters tcpCounters() {
        EngineTcp serving = tcp;
        return serving == null ? TcpCounters.NONE : serving.counters();
    }

    @Override
    public void referrals(List<InetSocketAddress> elsewhere) {
        EngineTcp serving = tcp;
        if (serving != null) {
            serving.target().referrals(elsewhere);
        }
    }

    void withdraw(EngineTcpSubsystem subsystem) {
        subsystem.withdrawn();
        EngineTcp serving = tcp;
        if (serving != null) {
            serving.target().withdraw(subsystem);
        }
    }

    void admissionChanged(EngineTcpSubsystem subsystem) {
        EngineTcp serving = tcp;
        if (serving != null) {
            serving.target().admissionChanged(subsystem);
        }
    }

    List<ConnectedHost> connectedHosts(EngineTcpSubsystem subsystem) {
        EngineTcp serving = tcp;
        return serving == null
                ? List.of()
                : serving.target().connected().stream()
                        .filter(c -> c.subsystemNqn().equals(subsystem.nqn()))
                        .map(c -> new ConnectedHost(
                                c.hostNqn(), c.peer(), TcpPort.where(c.port().address()), c.controllerId(), c.queues()))
                        .toList();
    }

    /** All that there are, whatever they show. */
    Stream<EngineConnection> controllers() {
        return open.stream().flatMap(EngineExport::controllers);
    }

    /** Nobody finds it any more. */
    void orphaned(String vnvme, EngineExport export) {
        exports.remove(vnvme, export);
    }

    /** It has ended, and none of its controllers is left. */
    void forget(EngineExport export) {
        open.remove(export);
    }

    @Override
    public List<ReactorInfo> reactors() {
        return reactors.all().stream().map(this::info).toList();
    }

    @Override
    public Map<String, ReactorCounters> reactorCounters() {
        return tally.now(reactors.all(), open);
    }

    @Override
    public void pulse() {
        reactors.all().forEach(reactor -> reactor.reactor().call(() -> true));
    }

    private ReactorInfo info(EngineReactor reactor) {
        BusyMeter meter = reactor.reactor().meter();
        List<String> there = pools.values().stream()
                .filter(pool -> pool.home().reactor() == reactor.reactor())
                .map(EnginePool::name)
                .sorted()
                .toList();
        return new ReactorInfo(
                reactor.name(),
                reactor.cpu(),
                reactor.idle().name(),
                there,
                meter.busyNs(),
                meter.idleNs(),
                meter.asleepNs());
    }

    @Override
    public void movePool(OpenPool pool, String reactor) {
        moves.pool(
                (EnginePool) pool,
                reactors.all().stream()
                        .filter(r -> r.name().equals(reactor))
                        .findFirst()
                        .orElseThrow(() -> new ProblemException(
                                ProblemCode.UNKNOWN_REACTOR,
                                "no reactor %s: there are %s"
                                        .formatted(
                                                reactor,
                                                reactors.all().stream()
                                                        .map(EngineReactor::name)
                                                        .collect(Collectors.joining(", "))))));
    }

    @Override
    public void close() {
        balancer.close();
        EngineTcp serving = tcp;
        if (serving != null) {
            serving.close();
        }
        exports.values().forEach(EngineExport::close);
        for (EnginePool pool : List.copyOf(pools.values())) {
            try {
                pool.close();
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "pool %s was not closed cleanly".formatted(pool.name()), e);
            }
        }
        reactors.close();
        drives.closeAll();
        workers.close();
    }
}

package io.vnvme.control.plane;

import static java.util.Objects.requireNonNull;

import io.vnvme.control.model.CheckReport;
import io.vnvme.control.model.DiscoveryInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A data plane without an engine, over drives that exist in memory only, which fails where a test wants it to. */
public final class FakeDataPlane implements DataPlane {
    /** What lies on a drive, over restarts of the data plane. */
    public static final class Disk {
        final DriveSource source;
        public long sizeBytes;
        public @Nullable UUID id;
        public String name = "";
        public @Nullable UUID pool;
        public final List<String> contents = new ArrayList<>();
        public final List<String> uses = new ArrayList<>();
        /** Why it reports errors. */
        public volatile @Nullable String trouble;
        /** It was gone while it was open, and is back. */
        public volatile boolean returning;
        /** Whether it is connected. */
        public volatile boolean there = true;

        Disk(DriveSource source) {
            this.source = source;
            this.sizeBytes = source.sizeBytes();
        }
    }

    /** All that survives a restart: disks by path, pools by identity. */
    public static final class World {
        public final Map<String, Disk> disks = new ConcurrentHashMap<>();
        public final Map<UUID, FakePool> pools = new ConcurrentHashMap<>();
        /** What is there after a crash; nothing where nobody keeps it. */
        public volatile KeptKeys keys = KeptKeys.NONE;

        public Disk disk(String path, long sizeBytes) {
            Disk disk = new Disk(
                    path.startsWith("/dev")
                            ? new DriveSource(DriveSource.BLOCK, path, 0)
                            : new DriveSource(DriveSource.FILE, path, 0));
            disk.sizeBytes = sizeBytes;
            disks.put(path, disk);
            return disk;
        }
    }

    public final World world;
    public final Map<UUID, Disk> open = new ConcurrentHashMap<>();
    public final Map<String, FakeExport> exports = new ConcurrentHashMap<>();
    public final Map<String, QosLimits> groups = new ConcurrentHashMap<>();
    public final List<TcpPort> tcpPorts = new CopyOnWriteArrayList<>();
    public volatile List<InetSocketAddress> referrals = List.of();
    /** Whom to tell of hosts that are refused. */
    public volatile @Nullable HostRefusals refusals;
    /** How hosts have to show who they are. */
    public volatile HostKeyring keyring = HostKeyring.NONE;
    /** The call that fails: a method's name. */
    public volatile String failing = "";
    /** So many calls of what fails do not yet. */
    public final AtomicInteger passing = new AtomicInteger();
    /** What became of mirrors, by the vNVMe's name: copying, frozen or closed. */
    public final Map<String, String> mirrors = new ConcurrentHashMap<>();
    /** Copies of volumes come to no end. */
    public volatile boolean copying;

    /** So many tries to switch come to nothing. */
    public final AtomicInteger vain = new AtomicInteger();

    public final AtomicLong busyNs = new AtomicLong();

    public FakeDataPlane() {
        this(new World());
    }

    public FakeDataPlane(World world) {
        this.world = world;
    }

    void mayFail(String call) {
        if (failing.equals(call) && passing.getAndDecrement() <= 0) {
            throw new IllegalStateException(call + " fails in this test");
        }
    }

    private Disk disk(DriveSource source) {
        Disk disk = world.disks.get(source.path());
        if (disk == null || !disk.there) {
            throw new ProblemException(ProblemCode.DRIVE_MISSING, "there is no " + source.path());
        }
        return disk;
    }

    @Override
    public DriveLook look(DriveSource source) {
        Disk disk = world.disks.get(source.path());
        if (disk == null || !disk.there) {
            return new DriveLook(source, false, source.sizeBytes(), Optional.empty(), List.of(), List.of());
        }
        return new DriveLook(
                source, true, disk.sizeBytes, identity(disk), List.copyOf(disk.contents), List.copyOf(disk.uses));
    }

    private Optional<DriveLook.Identity> identity(Disk disk) {
        return Optional.ofNullable(disk.id)
                .map(id -> new DriveLook.Identity(
                        id,
                        disk.name,
                        1,
                        Optional.ofNullable(disk.pool).map(world.pools::get).map(FakePool::identity)));
    }

    @Override
    public DriveFacts claim(DriveSource source, UUID id, String name, boolean force) {
        mayFail("claim");
        Disk disk = source.inMemory()
                ? new Disk(source)
                : Optional.ofNullable(world.disks.get(source.path()))
                        .orElseGet(() -> world.disk(source.path(), source.sizeBytes()));
        disk.id = id;
        disk.name = name;
        disk.pool = null;
        disk.contents.clear();
        open.put(id, disk);
        return new DriveFacts(source.path(), disk.sizeBytes, 512);
    }

    @Override
    public DriveFacts openDrive(DriveSource source, UUID id) {
        mayFail("openDrive");
        Disk disk = disk(source);
        if (!id.equals(disk.id)) {
            throw new ProblemException(ProblemCode.DRIVE_MISSING, "another drive lies at " + source.path());
        }
        open.put(id, disk);
        return new DriveFacts(source.path(), disk.sizeBytes, 512);
    }

    @Override
    public void closeDrive(UUID id) {
        open.remove(id);
    }

    @Override
    public void releaseDrive(UUID id) {
        Disk disk = open.remove(id);
        if (disk != null) {
            disk.id = null;
        }
    }

    @Override
    public void freeDrive(UUID id, String name) {
        Disk disk = open.get(id);
        if (disk != null) {
            disk.pool = null;
        }
    }

    /** A drive with trouble is gone until it is connected once more. */
    @Override
    public Optional<DriveFacts> driveReturned(UUID id) {
        Disk disk = open.get(id);
        if (disk == null || !disk.returning) {
            return Optional.empty();
        }
        disk.returning = false;
        disk.trouble = null;
        return Optional.of(new DriveFacts(disk.source.path(), disk.sizeBytes, 512));
    }

    @Override
    public Optional<String> driveFailure(UUID id) {
        return Optional.ofNullable(open.get(id)).map(d -> d.trouble);
    }

    @Override
    public Optional<RemoteFacts> remote(UUID id) {
        return Optional.empty();
    }

    @Override
    public DiscoveryInfo discover(String address) {
        throw new ProblemException(ProblemCode.TARGET_REFUSED, address + " answers nobody");
    }

    @Override
    public DriveErrors driveErrors(UUID id) {
        Disk disk = open.get(id);
        return disk == null || disk.trouble == null ? DriveErrors.NONE : new DriveErrors(1, 2);
    }

    @Override
    public List<DriveLook> find(List<Path> places) {
        return world.disks.values().stream()
                .filter(d -> d.there && d.id != null)
                .filter(d -> d.source.kind().equals(DriveSource.BLOCK)
                        || places.stream()
                                .anyMatch(p -> Path.of(d.source.path()).startsWith(p)))
                .map(d -> look(d.source))
                .toList();
    }

    @Override
    public OpenPool createPool(PoolPlan plan, PoolListener listener) {
        mayFail("createPool");
        FakePool pool = new FakePool(this, plan);
        plan.sets().forEach(set -> set.forEach(d -> requireNonNull(open.get(d)).pool = plan.id()));
        world.pools.put(plan.id(), pool);
        return pool;
    }

    @Override
    public OpenPool importPool(UUID id, boolean degraded, PoolListener listener) {
        mayFail("importPool");
        FakePool pool = requireNonNull(world.pools.get(id));
        pool.plane = this;
        return pool;
    }

    @Override
    public CheckReport check(String name, List<DriveSource> drives) {
        return new CheckReport(name, true, List.of(), "looked at " + drives.size() + " drives");
    }

    @Override
    public Export export(VnvmeRecord vnvme, String volume, OpenPool pool, Path socket) {
        mayFail("export");
        FakeExport export = new FakeExport(vnvme.name(), vnvme.qos(), vnvme.access());
        exports.put(vnvme.name(), export);
        return export;
    }

    @Override
    public KeptKeys keptKeys() {
        return world.keys;
    }

    @Override
    public void rehearse(String vnvme, Duration length) {
        mayFail("rehearse");
    }

    @Override
    public TcpPort listen(TcpPort port, HostRefusals told) {
        if (failing.equals("listen")) {
            throw new ProblemException(ProblemCode.HOST_REFUSED, "listen fails in this test");
        }
        tcpPorts.add(port);
        refusals = told;
        return port;
    }

    @Override
    public void unlisten(String where) {
        tcpPorts.removeIf(port -> port.where().equals(where));
    }

    @Override
    public void keyring(HostKeyring said) {
        keyring = said;
    }

    @Override
    public void targets(TargetKeyring said) {}

    @Override
    public String hostNqn() {
        return "nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-0000000000f0";
    }

    @Override
    public void referrals(List<InetSocketAddress> elsewhere) {
        referrals = elsewhere;
    }

    @Override
    public TcpCounters tcpCounters() {
        return TcpCounters.NONE;
    }

    @Override
    public List<TcpPort> tcpPorts() {
        return List.copyOf(tcpPorts);
    }

    @Override
    public void group(String name, QosLimits limits) {
        groups.put(name, limits);
    }

    @Override
    public void removeGroup(String name) {
        groups.remove(name);
    }

    @Override
    public List<ReactorInfo> reactors() {
        return List.of(new ReactorInfo("fake", -1, "poll", List.of(), busyNs.get(), 0, 0));
    }

    @Override
    public Map<String, ReactorCounters> reactorCounters() {
        return Map.of("fake", new ReactorCounters(1, 2, 3, 4096, 8192, 4));
    }

    @Override
    public void pulse() {}

    @Override
    public void movePool(OpenPool pool, String reactor) {
        mayFail("movePool");
    }

    @Override
    public void close() {
        exports.values().forEach(Export::close);
    }

    /** A served vNVMe. */
    public final class FakeExport implements Export {
        final String name;
        final List<FakeConnection> connections = new CopyOnWriteArrayList<>();
        public volatile boolean listening = true;
        public volatile ExportCounters counters = ExportCounters.NONE;
        /** How often its counters were read. */
        public final AtomicInteger looks = new AtomicInteger();

        public final AtomicInteger resizes = new AtomicInteger();
        public volatile Qos qos;
        public volatile Set<String> hosts = Set.of();
        public volatile Access access;
        /** Whether a VM is on its way here. */
        public volatile boolean arriving;
        /** Those that were handed over. */
        public volatile byte[] reservations = {};

        FakeExport(String name, Qos qos, Access access) {
            this.name = name;
            this.qos = qos;
            this.access = access;
        }

        /** A client that connects, as QEMU does on device_add. */
        public FakeConnection connect() {
            FakeConnection connection = new FakeConnection(name);
            connections.add(connection);
            return connection;
        }

        @Override
        public List<Connection> connections() {
            connections.removeIf(c -> !c.open);
            return new ArrayList<>(connections);
        }

        @Override
        public ExportCounters counters() {
            ExportCounters current = counters;
            looks.incrementAndGet();
            return current;
        }

        @Override
        public void resized() {
            resizes.incrementAndGet();
        }

        @Override
        public void qos(Qos changed) {
            qos = changed;
        }

        @Override
        public void hosts(Set<String> allowed) {
            hosts = allowed;
        }

        @Override
        public void access(Access changed) {
            access = changed;
        }

        @Override
        public List<ConnectedHost> connectedHosts() {
            return hosts.stream()
                    .map(nqn -> new ConnectedHost(nqn, "192.0.2.7:1234", "192.0.2.1:4420", 3, 4))
                    .toList();
        }

        @Override
        public VolumeMove move(OpenPool target, String volume, Optional<String> since) {
            mayFail("move");
            return new FakeMove(FakeDataPlane.this);
        }

        @Override
        public VolumeMirror mirror(MirrorTarget target) {
            mayFail("mirror");
            return new FakeMirror(FakeDataPlane.this, name);
        }

        @Override
        public void arriving(boolean arrives) {
            arriving = arrives;
        }

        @Override
        public void reservations(byte[] handed) {
            mayFail("reservations");
            reservations = handed.clone();
        }

        @Override
        public void stopListening() {
            listening = false;
            exports.remove(name, this);
        }

        @Override
        public void close() {
            listening = false;
            connections.forEach(c -> c.open = false);
            exports.remove(name, this);
        }
    }
}

package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.Arrival;
import io.vnvme.control.model.ArrivalChannel;
import io.vnvme.control.model.ArrivalDevice;
import io.vnvme.control.model.ArrivalEnd;
import io.vnvme.control.model.ArrivalInfo;
import io.vnvme.control.model.ArrivalTarget;
import io.vnvme.control.model.ArrivingVnvme;
import io.vnvme.control.model.AwaitArrival;
import io.vnvme.control.model.MigrationCheck;
import io.vnvme.control.model.PlugArrival;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.ResumeArrival;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.MirrorKeys;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.plane.VolumeSpec;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.HostNqn;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.Connector;
import io.vnvme.control.vm.PciImage;
import io.vnvme.control.vm.QemuDestination;
import io.vnvme.control.vm.QemuVm;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * VMs that come from other daemons, which ask for each step here. Nothing of one lasts until the moment at which it is this
 * daemon's ({@link #resume}): what was made for it has an unfinished name in its pool, and is removed when the other daemon
 * says so, falls silent, or this one is started again.
 */
public final class Arrivals implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Arrivals.class.getName());
    /** So long nothing is heard of whoever sends a VM before it is given up. It says something every few seconds. */
    private static final Duration SILENCE_MAX = Duration.ofSeconds(60);

    private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);
    private static final int EXPECTED_MAX = 64;
    private static final int DRIVES_MAX = 64;
    private static final long USED_BYTES_MAX = 1L << 50;
    private static final Duration LIMIT_MAX = Duration.ofSeconds(60);

    private final Registry registry;
    private final Volumes volumes;
    private final MigratedVolumes migrated;
    private final HostKeys hostKeys;
    private final DataPlane dataPlane;
    private final Connector connector;
    private final ArrivalChecks checks;
    private final ArrivalFolders folders;
    private final Map<String, ExpectedVm> expected = new ConcurrentHashMap<>();
    private final ArrivedVms arrived;
    /** Of VMs that were given up, what became of QEMUs that did not end, for who did not hear it. */
    private final Map<String, ArrivalEnd> unended = new ConcurrentHashMap<>();

    private final Thread watch;

    Arrivals(
            Registry registry,
            Storage storage,
            HostKeys hostKeys,
            DataPlane dataPlane,
            Connector connector,
            Slots slots,
            KnownSockets sockets,
            Monitors monitors,
            EventLog events,
            Path runDir) {
        this.registry = registry;
        this.volumes = storage.volumes;
        this.migrated = storage.migrated;
        this.hostKeys = hostKeys;
        this.dataPlane = dataPlane;
        this.connector = connector;
        this.folders = new ArrivalFolders(runDir.resolve("arrivals"));
        this.arrived = new ArrivedVms(registry, volumes, slots, sockets, monitors, events, folders);
        this.checks = new ArrivalChecks(
                registry, volumes, storage.openPools, storage.poolChoice, dataPlane, connector, runDir);
        this.watch = Thread.ofVirtual().name("arrival watch").start(this::watch);
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(LOOK_AGAIN);
                expected.values().stream()
                        .filter(vm -> vm.silentNs() > SILENCE_MAX.toNanos())
                        .forEach(vm -> {
                            LOG.log(
                                    Level.WARNING,
                                    "VM {0} was to come, and nothing is heard of whoever sends it: it is given up",
                                    vm.arrival().vm());
                            Steps.attempt("giving up VM " + vm.arrival().vm(), () -> giveUp(vm.id()));
                        });
                arrived.look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks whether a VM could come, and changes nothing. */
    public MigrationCheck check(Arrival arrival) {
        requireWhole(arrival);
        return MigrationCheck.of(checks.findings(arrival));
    }

    private static void requireWhole(Arrival arrival) {
        boolean whole = present(arrival.vm())
                && present(arrival.qmp())
                && present(arrival.qemu())
                && HostNqn.valid(String.valueOf(arrival.host()))
                && !arrival.vnvmes().isEmpty()
                && arrival.vnvmes().size() <= DRIVES_MAX
                && arrival.vnvmes().stream().allMatch(Arrivals::whole);
        if (!whole) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "fields of the VM are missing or make no sense");
        }
    }

    @SuppressWarnings("NullAway") // JSON may lack any of them.
    private static boolean whole(ArrivingVnvme vnvme) {
        return present(vnvme.name())
                && Names.valid(vnvme.name())
                && vnvme.uuid() != null
                && present(vnvme.deviceId())
                && present(vnvme.port())
                && present(vnvme.pool())
                && vnvme.qos() != null
                && vnvme.uuid().matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
                && vnvme.usedBytes() >= 0
                && vnvme.usedBytes() <= USED_BYTES_MAX
                && vnvme.hosts().stream().allMatch(HostNqn::valid)
                && moment(vnvme.createdAt());
    }

    private static boolean moment(@Nullable String text) {
        try {
            return text != null && Instant.parse(text) != null;
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static boolean present(@Nullable String text) {
        return text != null && !text.isBlank();
    }

    /** Makes its drives, for the other daemon to write to. */
    public ArrivalInfo expect(Arrival arrival) {
        requireWhole(arrival);
        MigrationCheck check = MigrationCheck.of(checks.findings(arrival));
        check.findings().stream().filter(f -> !f.ok()).findFirst().ifPresent(f -> {
            throw ArrivalChecks.refused("%s: %s".formatted(f.what(), f.detail()));
        });
        if (expected.size() >= EXPECTED_MAX) {
            throw ArrivalChecks.refused("%d VMs are on their way here already".formatted(expected.size()));
        }
        ExpectedVm vm = new ExpectedVm(UUID.randomUUID().toString(), arrival, ArrivalChecks.socket(arrival.qmp()));
        List<ArrivalTarget> targets = new ArrayList<>();
        try {
            for (ArrivingVnvme coming : arrival.vnvmes()) {
                targets.add(expect(vm, coming));
            }
        } catch (RuntimeException e) {
            remove(vm);
            throw e;
        }
        vm.heard();
        expected.put(vm.id(), vm);
        return new ArrivalInfo(vm.id(), targets);
    }

    private ArrivalTarget expect(ExpectedVm vm, ArrivingVnvme coming) {
        OpenPool pool = checks.pool(vm.arrival(), coming);
        VolumeAttributes attributes =
                new VolumeAttributes(coming.msi(), Names.checkedDoorbells(coming.doorbells()), null);
        VolumeSpec spec = new VolumeSpec(
                MovedVolumes.unfinished(Names.checked(coming.name())),
                UUID.fromString(coming.uuid()),
                Names.checkedSize(coming.sizeBytes()),
                Names.checkedBlockSize(coming.blockSizeBytes()),
                coming.thick(),
                coming.checksum(),
                Instant.parse(coming.createdAt()),
                attributes.bytes());
        String host = vm.arrival().host();
        VnvmeRecord record = Identifiers.record(spec, pool.name(), attributes)
                .named(coming.name())
                .withQos(Groups.still(registry.state(), coming.qos()))
                .withHosts(List.of(host))
                .withAccess(Access.USUAL.sharing(coming.shared()));
        Moving.Held held = migrated.expect(spec, record, pool, vm.arrival().vm());
        Export export = volumes.requireExport(coming.name());
        export.arriving(true);
        SetHostKeys keys = MirrorKeys.make();
        vm.add(new ExpectedVm.Drive(coming, record, pool, export, hostKeys.lend(record.nqn(), host, keys), held));
        return new ArrivalTarget(record.uuid(), addresses(), record.nqn(), record.nsid(), pool.name(), keys);
    }

    /** Where hosts are accepted, without a host where that is at any address. */
    private List<String> addresses() {
        return dataPlane.tcpPorts().stream().map(Arrivals::text).toList();
    }

    private static String text(TcpPort port) {
        InetSocketAddress address = port.address();
        return port.advertised()
                .orElseGet(() -> address.getAddress().isAnyLocalAddress() ? ":" + address.getPort() : port.where());
    }

    private <T> T with(String id, Function<ExpectedVm, T> step) {
        ExpectedVm vm = expected.get(id);
        if (vm == null) {
            throw unknown();
        }
        vm.heard();
        synchronized (vm) {
            if (!expected.containsKey(id)) {
                throw unknown();
            }
            try {
                return step.apply(vm);
            } finally {
                vm.heard();
            }
        }
    }

    /** For what comes while something else is waited for. */
    private ExpectedVm beside(String id) {
        ExpectedVm vm = expected.get(id);
        if (vm == null) {
            throw unknown();
        }
        vm.heard();
        return vm;
    }

    static ProblemException unknown() {
        return new ProblemException(
                ProblemCode.UNKNOWN_ARRIVAL,
                "no such VM is on its way here, or it was given up: nothing of it is left");
    }

    /** It is still on its way. @throws ProblemException when it is not */
    public ArrivalInfo show(String id) {
        ExpectedVm vm = expected.get(id);
        if (vm == null) {
            throw unknown();
        }
        vm.heard();
        return new ArrivalInfo(id, List.of());
    }

    /** Plugs its devices into the QEMU that waits, which listens from then on. */
    public ArrivalChannel plug(String id, PlugArrival request) {
        SortedMap<String, Integer> wanted = new TreeMap<>();
        for (ArrivalDevice device : request.devices()) {
            wanted.put(device.id(), device.identity());
        }
        return with(id, vm -> {
            try {
                plug(vm);
            } catch (RuntimeException e) {
                if (vm.pid().isPresent()) {
                    Steps.attempt(
                            "taking the QEMU that waits for VM " + vm.arrival().vm(), () -> claim(vm));
                }
                throw e;
            }
            String channel = claim(vm).prepare(wanted);
            return new ArrivalChannel(Integer.parseInt(channel.substring(channel.lastIndexOf(':') + 1)));
        });
    }

    private void plug(ExpectedVm vm) {
        try (QemuVm qemu = connector.connect(vm.socket())) {
            for (ExpectedVm.Drive drive : vm.drives()) {
                Path socket = volumes.exports().socket(drive.coming().name());
                try (SocketFolders.Lent _ = volumes.exports().lend(socket, connector.owner(vm.socket()))) {
                    vm.plug(qemu, drive, socket);
                }
            }
        }
    }

    /** The QEMU that waits has devices of the VM: it ends when that does not come. */
    private QemuDestination claim(ExpectedVm vm) {
        QemuDestination destination = QemuDestination.connect(vm.socket(), folders.own(vm.id(), vm.pid()), "tcp::0");
        vm.waitsAt(destination);
        destination.claim();
        return destination;
    }

    /** Waits until all of its memory is here. */
    public ArrivalInfo await(String id, AwaitArrival request) {
        Duration limit = Duration.ofMillis(Math.clamp(request.limitMs(), 0, LIMIT_MAX.toMillis()));
        return with(id, vm -> {
            vm.destination().awaitArrival(limit);
            vm.arrived();
            return new ArrivalInfo(id, List.of());
        });
    }

    /** What its QEMU at the source kept of the devices. */
    public ArrivalInfo replay(String id, Map<String, PciImage> images) {
        return with(id, vm -> {
            vm.replay(images);
            return new ArrivalInfo(id, List.of());
        });
    }

    /** Pages that a device has written: for each its address (8 bytes, little endian), then all their contents. */
    public ArrivalInfo pages(String id, String deviceId, byte[] body) {
        beside(id).pages(deviceId, body);
        return new ArrivalInfo(id, List.of());
    }

    /** A further part of a device's state. */
    public ArrivalInfo state(String id, String deviceId, byte[] part) {
        beside(id).state(deviceId, part);
        return new ArrivalInfo(id, List.of());
    }

    /** Who has reserved a vNVMe. */
    public ArrivalInfo reservations(String id, String uuid, byte[] bytes) {
        ExpectedVm vm = beside(id);
        if (vm.drives().stream().noneMatch(drive -> drive.record().uuid().equals(uuid))) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no such vNVMe comes with the VM");
        }
        vm.reservations(uuid, bytes);
        return new ArrivalInfo(id, List.of());
    }

    /** All has come of its devices. */
    public ArrivalInfo load(String id) {
        return with(id, vm -> {
            vm.load();
            return new ArrivalInfo(id, List.of());
        });
    }

    /**
     * From here on its drives are this daemon's: when this was answered once, that is so whatever becomes of either.
     *
     * @throws ProblemException of {@link ProblemCode#UNKNOWN_ARRIVAL} when they are not, and never will be; of another code when they
     *     are not yet
     */
    public ArrivalInfo resume(String id, ResumeArrival request) {
        ExpectedVm vm = expected.get(id);
        if (vm == null) {
            return arrived.answer(id);
        }
        synchronized (vm) {
            if (!expected.containsKey(id)) {
                return arrived.answer(id);
            }
            vm.heard();
            vm.runs(request.running());
            arrived.take(vm, () -> expected.remove(id));
            return new ArrivalInfo(id, List.of());
        }
    }

    /** The VM goes on here. Asked again, it is answered again. */
    public ArrivalInfo goOn(String id) {
        arrived.goOn(id);
        return new ArrivalInfo(id, List.of());
    }

    /** Whoever sent it is done with it. */
    public ArrivalInfo end(String id) {
        arrived.end(id);
        return new ArrivalInfo(id, List.of());
    }

    /**
     * It does not come: its QEMU ends, and nothing of it is left here.
     *
     * @throws ProblemException when it has come already
     */
    public ArrivalEnd giveUp(String id) {
        if (arrived.has(id)) {
            throw ArrivalChecks.refused("the VM has come already");
        }
        ArrivalEnd before = unended.get(id);
        if (before != null) {
            return before;
        }
        return with(id, vm -> {
            ArrivalEnd end = vm.end();
            if (!end.ended()) {
                unended.put(id, end);
            }
            expected.remove(id);
            remove(vm);
            return end;
        });
    }

    private void remove(ExpectedVm vm) {
        vm.close();
        vm.letGo();
        for (ExpectedVm.Drive drive : vm.drives()) {
            String name = drive.coming().name();
            Steps.undo("expect " + name, "serve", () -> volumes.exports().end(name));
            Steps.undo("expect " + name, "make volume", () -> drive.pool().remove(MovedVolumes.unfinished(name)));
        }
        Steps.undo("expect VM " + vm.arrival().vm(), "folder", () -> folders.remove(vm.id()));
    }

    /** Lets go of all; what was made for them is removed when the next daemon opens its pools. */
    @Override
    public void close() {
        watch.interrupt();
        expected.values().forEach(ExpectedVm::close);
        arrived.close();
    }
}

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
import io.vnvme.control.model.ContinueArrival;
import io.vnvme.control.model.EventKind;
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
import io.vnvme.control.store.ArrivedVm;
import io.vnvme.control.store.HostNqn;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.control.vm.Connector;
import io.vnvme.control.vm.PciImage;
import io.vnvme.control.vm.QemuDestination;
import io.vnvme.control.vm.QemuVm;
import io.vnvme.frontend.vfiouser.MovingDevice;
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
import java.util.Set;
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

    /** A VM that has come goes on by itself when whoever sent it does not say so in that time. */
    private static final Duration GO_ON_AFTER = Duration.ofSeconds(10);

    private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);
    private static final Duration LIMIT_MAX = Duration.ofSeconds(60);

    private final Registry registry;
    private final Volumes volumes;
    private final HostKeys hostKeys;
    private final DataPlane dataPlane;
    private final Connector connector;
    private final Slots slots;
    private final KnownSockets sockets;
    private final Monitors monitors;
    private final EventLog events;
    private final long startNs = System.nanoTime();
    private final ArrivalChecks checks;
    private final ArrivalFolders folders;
    private final Map<String, ExpectedVm> expected = new ConcurrentHashMap<>();
    /** Those that have come, and whose sender may still ask for something. */
    private final Map<String, ExpectedVm> arrived = new ConcurrentHashMap<>();

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
        this.hostKeys = hostKeys;
        this.dataPlane = dataPlane;
        this.connector = connector;
        this.slots = slots;
        this.sockets = sockets;
        this.monitors = monitors;
        this.events = events;
        this.folders = new ArrivalFolders(runDir.resolve("arrivals"));
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
                            Steps.undo("expect VM " + vm.arrival().vm(), "all", () -> giveUp(vm.id()));
                        });
                arrived.values().stream()
                        .filter(vm -> vm.silentNs() > GO_ON_AFTER.toNanos())
                        .forEach(vm -> attempt("VM " + vm.arrival().vm(), () -> goOnAlone(vm)));
                if (System.nanoTime() - startNs > GO_ON_AFTER.toNanos()) {
                    registry.state().arrived().stream()
                            .filter(vm -> vm.runs() && !arrived.containsKey(vm.arrival()))
                            .forEach(vm -> {
                                attempt("the VM at " + vm.qmp(), () -> goOnFromBefore(vm));
                                attempt("the VM at " + vm.qmp(), () -> goneOn(vm));
                            });
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void goOnAlone(ExpectedVm vm) {
        LOG.log(
                Level.WARNING,
                "VM {0} has come, and nothing is heard of whoever sent it",
                vm.arrival().vm());
        synchronized (vm) {
            if (arrived.remove(vm.id()) == null) {
                return;
            }
            goOn(vm);
            vm.close();
            folders.remove(vm.id());
        }
    }

    private void goOn(ExpectedVm vm) {
        if (vm.runs()) {
            vm.destination().goOn();
            vm.runs(false);
            registry.update(state -> state.goneOn(vm.id()));
        }
    }

    /** One that came to an earlier daemon, which did not get so far as to let it go on. */
    private void goOnFromBefore(ArrivedVm vm) {
        try (QemuDestination destination =
                QemuDestination.connect(ArrivalChecks.socket(vm.qmp()), folders.root(), "")) {
            destination.goOn();
        }
        goneOn(vm);
    }

    /** Once: whoever pauses it later means it. */
    private void goneOn(ArrivedVm vm) {
        registry.update(state -> state.goneOn(vm.arrival()));
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
        Moving.Held held =
                volumes.serveArriving(spec, record, pool, vm.arrival().vm());
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

    private static ProblemException unknown() {
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
            try (QemuVm qemu = connector.connect(vm.socket())) {
                for (ExpectedVm.Drive drive : vm.drives()) {
                    String name = drive.coming().name();
                    Export export = drive.export();
                    try (SocketFolders.Lent _ =
                            volumes.exports().lend(volumes.exports().socket(name), connector.owner(vm.socket()))) {
                        vm.plug(qemu, drive, export, volumes.exports().socket(name));
                    }
                }
            }
            Path folder = folders.own(id, vm.pid());
            QemuDestination destination = QemuDestination.connect(vm.socket(), folder, "tcp::0");
            vm.waitsAt(destination);
            String channel = destination.prepare(wanted);
            return new ArrivalChannel(Integer.parseInt(channel.substring(channel.lastIndexOf(':') + 1)));
        });
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
            return taken(id, request);
        }
        synchronized (vm) {
            if (!expected.containsKey(id)) {
                return taken(id, request);
            }
            vm.heard();
            vm.runs(request.running());
            take(vm);
            return new ArrivalInfo(id, List.of());
        }
    }

    /** Asked once more: by a daemon that did not hear the answer, maybe of one that was here before. */
    private ArrivalInfo taken(String id, ResumeArrival request) {
        if (registry.state().arrived(id).isEmpty()) {
            throw unknown();
        }
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            if (request.vnvmes().contains(vnvme.uuid())) {
                attempt(
                        vnvme.name(),
                        () -> volumes.requireExport(vnvme.name()).devices().stream()
                                .filter(MovingDevice::frozen)
                                .forEach(device -> {
                                    device.thaw();
                                    device.raiseAll();
                                }));
            }
        }
        return new ArrivalInfo(id, List.of());
    }

    private void take(ExpectedVm vm) {
        if (!vm.complete()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "not all of the VM's devices have come");
        }
        for (ExpectedVm.Drive drive : vm.drives()) {
            // Whoever has written it has done so, and is not let in again.
            drive.export().hosts(Set.of());
            vm.reservations(drive.record().uuid()).ifPresent(bytes -> reserved(drive, bytes));
        }
        registry.exclusively(() -> {
            for (ExpectedVm.Drive drive : vm.drives()) {
                if (registry.state().vnvme(drive.coming().name()).isPresent()) {
                    throw new ProblemException(
                            ProblemCode.NAME_TAKEN,
                            "there is a vNVMe %s now".formatted(drive.coming().name()));
                }
            }
            registry.update(before -> {
                State state =
                        before.with(new ArrivedVm(vm.id(), vm.socket().path().toString(), vm.runs()));
                for (ExpectedVm.Drive drive : vm.drives()) {
                    state = state.with(settled(drive));
                }
                return state;
            });
            return true;
        });
        // From here on nothing may say otherwise.
        arrived.put(vm.id(), vm);
        expected.remove(vm.id());
        vm.drives().forEach(this::settle);
        vm.letGo();
        attempt("VM " + vm.arrival().vm(), () -> vm.resume(slots));
        sockets.seen(vm.socket(), vm.arrival().vm());
        monitors.arrived(vm.socket());
        events.add(
                EventKind.VM_ARRIVED,
                vm.arrival().vm(),
                "VM %s has come from another host, with %s"
                        .formatted(
                                vm.arrival().vm(),
                                String.join(
                                        ", ",
                                        vm.drives().stream()
                                                .map(drive -> drive.coming().name())
                                                .toList())));
    }

    private void reserved(ExpectedVm.Drive drive, byte[] bytes) {
        try {
            drive.export().reservations(bytes);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "reservations of %s cannot be read: %s"
                            .formatted(drive.coming().name(), e.getMessage()),
                    e);
        }
    }

    private static VnvmeRecord settled(ExpectedVm.Drive drive) {
        return drive.record().withHosts(drive.coming().hosts());
    }

    private void settle(ExpectedVm.Drive drive) {
        String name = drive.coming().name();
        VnvmeRecord settled = settled(drive);
        Export export = drive.export();
        // At the latest when its pool is opened again: the state names it.
        attempt(name, () -> drive.pool().rename(MovedVolumes.unfinished(name), name));
        attempt(name, () -> export.hosts(Set.copyOf(settled.hosts())));
        attempt(name, () -> export.arriving(false));
    }

    private static void attempt(String what, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "%s has come, and not all is as it should be".formatted(what), e);
        }
    }

    /** The VM goes on here. Asked again, it is answered again. */
    public ArrivalInfo goOn(String id, ContinueArrival request) {
        ExpectedVm vm = arrived.get(id);
        if (vm == null) {
            ArrivedVm before = registry.state().arrived(id).orElseThrow(Arrivals::unknown);
            if (before.runs()) {
                goOnFromBefore(before);
            }
            return new ArrivalInfo(id, List.of());
        }
        vm.heard();
        synchronized (vm) {
            goOn(vm);
            return new ArrivalInfo(id, List.of());
        }
    }

    /** Whoever sent it is done with it. */
    public ArrivalInfo end(String id) {
        ExpectedVm vm = arrived.get(id);
        if (vm != null) {
            synchronized (vm) {
                if (arrived.remove(id) != null) {
                    attempt("VM " + vm.arrival().vm(), () -> goOn(vm));
                    vm.close();
                    folders.remove(id);
                }
            }
        }
        if (registry.state().arrived(id).isPresent()) {
            registry.update(state -> state.withoutArrived(id));
        }
        return new ArrivalInfo(id, List.of());
    }

    /**
     * It does not come: its QEMU ends, and nothing of it is left here.
     *
     * @throws ProblemException when it has come already
     */
    public ArrivalEnd giveUp(String id) {
        if (arrived.containsKey(id)) {
            throw ArrivalChecks.refused("the VM has come already");
        }
        return with(id, vm -> {
            ArrivalEnd end = vm.end();
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
        arrived.values().forEach(ExpectedVm::close);
    }
}

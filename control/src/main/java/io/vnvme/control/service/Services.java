package io.vnvme.control.service;

import io.vnvme.control.auth.Caller;
import io.vnvme.control.change.Changes;
import io.vnvme.control.event.EventLog;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.model.UpgradeInfo;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.ExportCounters;
import io.vnvme.control.store.HostKeyFile;
import io.vnvme.control.store.OpeningMarks;
import io.vnvme.control.store.PeerFile;
import io.vnvme.control.store.State;
import io.vnvme.control.store.StateFile;
import io.vnvme.control.store.TargetKeyFile;
import io.vnvme.control.trace.Traces;
import io.vnvme.control.vm.Connector;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** All that an administrator can do, over one state and one data plane. */
public final class Services implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Services.class.getName());

    private final ServiceSetup setup;
    private final DataPlane dataPlane;
    private final Registry registry;
    private final EventLog events;
    private final Jobs jobs;
    private final Storage storage;
    private final Monitors monitors;
    private final Vms vms;
    private final VnvmeService vnvmes;
    private final Groups groups;
    private final Hosts hosts;
    private final Paths paths;
    private final Snapshots snapshots;
    private final Transfers transfers;
    private final Top top;
    private final VolumeMoves moves;
    private final PoolDrains drains;
    private final Migrations migrations;
    private final Arrivals arrivals;
    private final PoolImport poolImport;
    private final Watch watch;
    private final Changes changes;
    private final Tags tags;
    private final Upgrades upgrades;
    private final Peers peers;
    private volatile long servingSinceNs;
    private volatile long startMillis;
    private volatile @Nullable String listen;
    private volatile @Nullable String fingerprint;

    /**
     * Reads the state, and serves again what it says.
     *
     * @throws io.vnvme.control.store.StateFileException when the state cannot be read: nothing was changed
     */
    public Services(ServiceSetup setup, DataPlane dataPlane) {
        this.setup = setup;
        this.dataPlane = dataPlane;
        this.registry = new Registry(new StateFile(setup.stateDir()));
        this.events = new EventLog(setup.stateDir());
        this.jobs = new Jobs(setup.stateDir(), events, setup.clock(), Caller::currentName, setup.traces());
        RemoteKeys remoteKeys = new RemoteKeys(new TargetKeyFile(setup.stateDir()));
        dataPlane.targets(remoteKeys);
        this.peers = new Peers(new PeerFile(setup.stateDir()), this::system);
        this.storage = new Storage(
                registry,
                dataPlane,
                events,
                jobs,
                remoteKeys,
                setup.offers(),
                setup.runDir().resolve("drives"),
                new OpeningMarks(setup.stateDir(), setup.clock()));
        this.groups = new Groups(registry, dataPlane, storage.volumes);
        Slots slots = new Slots();
        Connector connector = new Connector(setup.libvirt());
        KnownSockets sockets = new KnownSockets();
        this.monitors = new Monitors(slots, connector, setup.watchInterval(), events);
        this.vms = new Vms(connector, slots, sockets, monitors, registry, storage.exports);
        Attachments attachments = new Attachments(storage.volumes, slots, connector, sockets);
        HostKeys hostKeys = new HostKeys(new HostKeyFile(setup.stateDir()));
        dataPlane.keyring(hostKeys);
        this.hosts = new Hosts(registry, storage.volumes, dataPlane, events, hostKeys);
        TcpPorts ports = new TcpPorts(registry, dataPlane, events, hosts);
        this.paths = new Paths(registry, storage.volumes, dataPlane, attachments);
        VnvmeView view = new VnvmeView(registry, storage.volumes, storage.openPools, slots, monitors, hosts, paths);
        this.vnvmes =
                new VnvmeService(registry, storage.volumes, storage.poolChoice, view, attachments, vms, ports, hosts);
        this.snapshots = new Snapshots(registry, storage.openPools, storage.volumes, attachments);
        ImageImport imports = new ImageImport(
                registry, storage.openPools, storage.volumes, storage.poolChoice, storage.keys, jobs, setup.stateDir());
        ImageExport exports = new ImageExport(registry, storage.openPools, storage.volumes, storage.keys, jobs);
        this.transfers = new Transfers(imports, exports);
        this.moves = new VolumeMoves(registry, storage.openPools, storage.volumes, jobs, events);
        this.drains = new PoolDrains(registry, storage.openPools, moves, jobs);
        this.migrations = new Migrations(
                registry,
                storage,
                slots,
                monitors,
                peers,
                jobs,
                events,
                new MigrationChecks(peers, storage.volumes, slots, vms, connector, dataPlane));
        this.arrivals = new Arrivals(
                registry, storage, hostKeys, dataPlane, connector, slots, sockets, monitors, events, setup.runDir());
        Resumption resumption = new Resumption(
                registry, jobs, storage.pools, imports, exports, storage.openPools, moves, drains, migrations);
        storage.pools.whenOpened(resumption::poolOpened);
        this.top = new Top(registry, dataPlane, storage.exports);
        this.poolImport = new PoolImport(
                registry, dataPlane, storage.openDrives, storage.openPools, storage.volumes, resumption::poolOpened);
        this.upgrades = new Upgrades(setup.version(), setup.succession(), this::hindersUpgrade, events);
        this.tags = new Tags(registry, storage.openPools, storage.pools);
        this.changes = new Changes(new Contents(registry, dataPlane, storage, view, groups, jobs, events)::now);
        events.whenAdded(changes::nudge);
        if (!dataPlane.hasClients()) {
            // Guests that wait for their drives wait no longer for that.
            Rehearsal.run(setup.runDir(), dataPlane, setup.rehearsal());
        }
        groups.open();
        storage.drives.openClaimed();
        storage.pools.openAll();
        dataPlane.settled(this::known);
        waiting().forEach(each -> LOG.log(Level.WARNING, "{0} cannot be served now: guests wait until it can", each));
        vms.takeUp();
        // After those whom an earlier daemon served: nobody else gets what they have.
        ports.listen(setup.tcp(), setup.referrals());
        ports.open();
        this.watch = new Watch(storage.openDrives, storage.pools, resumption, setup.watchInterval());
    }

    public Traces traces() {
        return setup.traces();
    }

    public Drives drives() {
        return storage.drives;
    }

    public Pools pools() {
        return storage.pools;
    }

    public PoolImport poolImport() {
        return poolImport;
    }

    public VnvmeService vnvmes() {
        return vnvmes;
    }

    public Vms vms() {
        return vms;
    }

    public Groups groups() {
        return groups;
    }

    public Hosts hosts() {
        return hosts;
    }

    public Paths paths() {
        return paths;
    }

    public Snapshots snapshots() {
        return snapshots;
    }

    public Transfers transfers() {
        return transfers;
    }

    public PoolDrains drains() {
        return drains;
    }

    public VolumeMoves moves() {
        return moves;
    }

    public Peers peers() {
        return peers;
    }

    public Migrations migrations() {
        return migrations;
    }

    public Arrivals arrivals() {
        return arrivals;
    }

    public Top top() {
        return top;
    }

    public Jobs jobs() {
        return jobs;
    }

    public EventLog events() {
        return events;
    }

    public Tags tags() {
        return tags;
    }

    public Changes changes() {
        return changes;
    }

    /** Has another process take the place of this one: it stands by when this returns. */
    public UpgradeInfo upgrade() {
        return upgrades.upgrade();
    }

    /** This process serves in the place of one that has been upgraded. */
    public void upgraded() {
        upgrades.upgraded();
    }

    /** This process serves since the one that was to could not. */
    public void upgradeFailed(String why) {
        upgrades.failed(why);
    }

    /** What cannot be served though guests use it: they wait. */
    public List<String> waiting() {
        State state = registry.state();
        return dataPlane.waiting().stream().map(id -> named(id, state)).sorted().toList();
    }

    private Optional<String> hindersUpgrade() {
        List<String> waiting = waiting();
        if (!waiting.isEmpty()) {
            return Optional.of("guests wait for %s: bring that back first ('vnvme status' says what is missing)"
                    .formatted(String.join(", ", waiting)));
        }
        List<String> locked = storage.volumes.openHereAlone();
        if (!locked.isEmpty()) {
            return Optional.of(
                    "clients have %s, which opens by a passphrase alone, and its key is not handed on, as this kernel has no memory for secrets (memfd_secret): they would wait until somebody gives it again; detach it first"
                            .formatted(String.join(", ", locked)));
        }
        List<String> orphaned = storage.exports.shownByOrphans();
        return orphaned.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "VMs have %s by controllers of vNVMes that are removed, which no other daemon could take up: detach it there first, and stop the VM or unplug the controller"
                                .formatted(String.join(", ", orphaned)));
    }

    private static String named(String id, State state) {
        return Stream.of(
                        state.vnvmes().stream()
                                .filter(v -> v.uuid().equals(id) || v.name().equals(id))
                                .map(v -> "vNVMe " + v.name()),
                        state.pools().stream().filter(p -> p.uuid().equals(id)).map(p -> "pool " + p.name()),
                        state.drives().stream().filter(d -> d.uuid().equals(id)).map(d -> "drive " + d.name()))
                .flatMap(each -> each)
                .findFirst()
                .orElse(id);
    }

    private boolean known(String name) {
        State state = registry.state();
        return state.uuids().contains(name) || state.vnvme(name).isPresent();
    }

    /** @param startMillis from the start of the process until now */
    public void serving(long startMillis) {
        this.startMillis = startMillis;
        servingSinceNs = System.nanoTime();
    }

    /**
     * Returns when every reactor has shown to be at work: not while one hangs. No pool is asked, since one that fails or is
     * slow is no reason to take the others from their guests.
     */
    public void pulse() {
        dataPlane.pulse();
    }

    /** The API is served over TLS as well. */
    public void listening(String address, String fingerprint) {
        this.listen = address;
        this.fingerprint = fingerprint;
    }

    public SystemInfo system() {
        List<DriveInfo> all = drives().list();
        List<PoolInfo> pools = pools().list();
        List<String> warnings = new ArrayList<>(storage.drives.failures());
        pools.stream()
                .filter(p -> !p.state().equals("exported"))
                .flatMap(p -> p.warnings().stream())
                .filter(w -> !warnings.contains(w))
                .forEach(warnings::add);
        warnings.addAll(vnvmes.warnings());
        return new SystemInfo(
                setup.version(),
                ProcessHandle.current().pid(),
                (System.nanoTime() - servingSinceNs) / 1_000_000_000,
                startMillis,
                setup.stateDir().toString(),
                setup.runDir().toString(),
                all.size(),
                (int) all.stream().filter(d -> !d.state().equals("available")).count(),
                (int) pools.stream().filter(p -> !p.state().equals("exported")).count(),
                pools.stream().mapToLong(PoolInfo::sizeBytes).sum(),
                pools.stream().mapToLong(PoolInfo::freeBytes).sum(),
                registry.state().vnvmes().size(),
                vnvmes.inUseCount(),
                jobs.runningCount(),
                events.last(),
                dataPlane.reactors(),
                listen,
                fingerprint,
                warnings);
    }

    /** Looks at all that is counted. */
    public Observed observed() {
        return new Observed(
                setup.version(),
                registry.state().vnvmes().stream()
                        .map(v -> new Observed.Vnvme(
                                v.name(),
                                v.sizeBytes(),
                                (int) storage.exports.connections(v.name()).stream()
                                        .filter(DataPlane.Connection::open)
                                        .count(),
                                storage.exports
                                        .find(v.name())
                                        .map(DataPlane.Export::counters)
                                        .orElse(ExportCounters.NONE)))
                        .toList(),
                pools().list().stream()
                        .filter(p -> !p.state().equals("exported"))
                        .toList(),
                registry.state().drives().stream()
                        .map(d -> new Observed.Drive(
                                d.name(),
                                d.sizeBytes(),
                                storage.openDrives.isOpen(d.name())
                                        && storage.openDrives.failure(d.name()).isEmpty(),
                                dataPlane.driveErrors(OpenDrives.id(d)),
                                dataPlane.remote(OpenDrives.id(d))))
                        .toList(),
                jobs.list(),
                jobs.ended(),
                events.counts(),
                dataPlane.reactors(),
                dataPlane.reactorCounters(),
                dataPlane.tcpCounters(),
                moves.states());
    }

    /** Stops serving; the state stays as it is, and the pools are closed cleanly. */
    @Override
    public void close() {
        changes.close();
        watch.close();
        monitors.close();
        jobs.close();
        arrivals.close();
        peers.close();
        storage.exports.closeAll();
        storage.openPools.closeAll();
        dataPlane.close();
        events.close();
    }
}

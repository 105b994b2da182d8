package io.vnvme.control.plane;

import io.vnvme.control.model.CheckReport;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.nvme.Namespace;
import io.vnvme.os.Cpu;
import io.vnvme.reactor.BusyMeter;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import io.vnvme.volume.Volume;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The engine in this process: one reactor that serves all. */
public final class EngineDataPlane implements DataPlane {
    private static final Logger LOG = System.getLogger(EngineDataPlane.class.getName());

    private final int cpu;
    private final Reactor reactor;
    private final EngineGroups groups;
    private final EngineDrives drives = new EngineDrives();
    private final Map<UUID, EnginePool> pools = new ConcurrentHashMap<>();
    private final Map<String, EngineExport> exports = new ConcurrentHashMap<>();
    /** Of the reactor's thread alone; made with the first drive that needs it. */
    private @Nullable DriveRing ring;

    private EngineDataPlane(int cpu, IdlePolicy idle) {
        this.cpu = cpu;
        this.reactor = Reactor.start(
                "reactor-0",
                cpu,
                idle,
                failure -> LOG.log(Level.ERROR, "reactor-0: a part of it failed and was removed", failure));
        this.groups = new EngineGroups(reactor);
    }

    /** @param cpu the processor of the reactor; negative: the last one that this process may use, if it has several */
    public static EngineDataPlane start(int cpu, IdlePolicy idle) {
        BitSet allowed = Cpu.allowed();
        int last = allowed.cardinality() > 1 ? allowed.length() - 1 : -1;
        return new EngineDataPlane(cpu < 0 ? last : cpu, idle);
    }

    Reactor reactor() {
        return reactor;
    }

    EngineGroups groups() {
        return groups;
    }

    @Override
    public void group(String name, QosLimits limits) {
        groups.group(name, limits);
    }

    @Override
    public void removeGroup(String name) {
        groups.remove(name);
    }

    /** On the reactor's thread: its ring. */
    DriveRing ring() {
        DriveRing current = ring;
        if (current == null) {
            current = DriveRing.open();
            current.attach(reactor);
            ring = current;
        }
        return current;
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
        pools.remove(pool.id(), pool);
    }

    EngineDrives drives() {
        return drives;
    }

    @Override
    public CheckReport check(String name, List<DriveSource> sources) {
        return blocking(() -> PoolFormat.check(name, sources));
    }

    @Override
    public Export export(VnvmeRecord vnvme, OpenPool pool, Path socket) {
        Volume volume = ((EnginePool) pool).volume(vnvme.name());
        EngineExport export = EngineExport.open(reactor, vnvme, volume, socket, this);
        exports.put(vnvme.name(), export);
        return export;
    }

    @Override
    public void rehearse(String vnvme, Duration length) {
        EngineExport export = require(vnvme);
        Namespace namespace = export.namespace();
        RehearsalGuest.run(
                reactor, export, namespace.nsid(), namespace.volume().sizeBytes(), 1 << namespace.blockShift(), length);
    }

    EngineExport require(String vnvme) {
        EngineExport export = exports.get(vnvme);
        if (export == null) {
            throw new IllegalStateException("%s is not served".formatted(vnvme));
        }
        return export;
    }

    void forget(String vnvme, EngineExport export) {
        exports.remove(vnvme, export);
    }

    @Override
    public List<ReactorInfo> reactors() {
        BusyMeter meter = reactor.meter();
        return List.of(new ReactorInfo(reactor.name(), cpu, meter.busyNs(), meter.idleNs(), meter.asleepNs()));
    }

    @Override
    public void close() {
        exports.values().forEach(EngineExport::close);
        for (EnginePool pool : List.copyOf(pools.values())) {
            try {
                pool.close();
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "pool %s was not closed cleanly".formatted(pool.name()), e);
            }
        }
        reactor.call(() -> {
            DriveRing current = ring;
            if (current != null) {
                current.detach(reactor);
                current.close();
                ring = null;
            }
            return true;
        });
        reactor.close();
        drives.closeAll();
    }
}

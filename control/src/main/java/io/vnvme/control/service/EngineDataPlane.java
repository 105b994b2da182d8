package io.vnvme.control.service;

import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.os.Cpu;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import io.vnvme.volume.LinearVolume;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The engine in this process: one reactor that serves all. */
public final class EngineDataPlane implements DataPlane {
    private static final Logger LOG = System.getLogger(EngineDataPlane.class.getName());
    /** Wiped at once: what keeps a call into the kernel short. */
    private static final long WIPE_BYTES = 64L << 20;

    private final int cpu;
    private final Reactor reactor;
    private final Map<String, Drive> drives = new ConcurrentHashMap<>();
    private final Map<String, EngineExport> exports = new ConcurrentHashMap<>();

    private EngineDataPlane(int cpu) {
        this.cpu = cpu;
        this.reactor = Reactor.start(
                "reactor-0",
                cpu,
                IdlePolicy.ADAPTIVE,
                failure -> LOG.log(Level.ERROR, "reactor-0: a part of it failed and was removed", failure));
    }

    /** @param cpu the processor of the reactor; negative: the last one that this process may use, if it has several */
    public static EngineDataPlane start(int cpu) {
        BitSet allowed = Cpu.allowed();
        int last = allowed.cardinality() > 1 ? allowed.length() - 1 : -1;
        return new EngineDataPlane(cpu < 0 ? last : cpu);
    }

    @Override
    public void openDrive(ClaimedDrive drive) {
        if (!drive.kind().equals("ram")) {
            throw new IllegalArgumentException("this version knows no drives of kind '%s'".formatted(drive.kind()));
        }
        drives.put(drive.name(), RamDrive.create(drive.name(), drive.sizeBytes()));
    }

    @Override
    public void closeDrive(String name) {
        Drive drive = drives.remove(name);
        if (drive != null) {
            drive.close();
        }
    }

    private Drive drive(String name) {
        Drive drive = drives.get(name);
        if (drive == null) {
            throw new IllegalStateException("drive %s is not open".formatted(name));
        }
        return drive;
    }

    /** On the caller's thread, not the reactor's, which has guests to serve: nobody else touches the range. */
    @Override
    public void wipe(String name, long offsetBytes, long sizeBytes) {
        Drive drive = drive(name);
        Io io = new Io((_, _) -> {});
        for (long done = 0; done < sizeBytes; done += WIPE_BYTES) {
            io.prepare(Io.DEALLOCATE, offsetBytes + done, Math.min(WIPE_BYTES, sizeBytes - done), false);
            int status = drive.submit(io);
            if (status != IoStatus.OK) {
                throw new IllegalStateException("drive %s could not be wiped: status %d".formatted(name, status));
            }
        }
    }

    @Override
    public Export export(VnvmeRecord vnvme, Path socket) {
        LinearVolume volume = new LinearVolume(drive(vnvme.drive()), vnvme.offsetBytes(), vnvme.sizeBytes());
        EngineExport export = EngineExport.open(reactor, vnvme, volume, socket, this);
        exports.put(vnvme.name(), export);
        return export;
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
        return List.of(new ReactorInfo(reactor.name(), cpu));
    }

    @Override
    public void close() {
        exports.values().forEach(EngineExport::close);
        reactor.close();
        drives.keySet().forEach(this::closeDrive);
    }
}

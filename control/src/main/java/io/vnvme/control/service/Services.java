package io.vnvme.control.service;

import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.store.StateFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** All that an administrator can do, over one state and one data plane. */
public final class Services implements AutoCloseable {
    /** How often VMs are asked whether they migrate. */
    private static final Duration WATCH_INTERVAL = Duration.ofSeconds(2);

    private final Setup setup;
    private final DataPlane dataPlane;
    private final Registry registry;
    private final Drives drives;
    private final Vnvmes vnvmes;
    private final Monitors monitors;
    private final VnvmeService vnvmeService;
    private volatile long servingSinceNs;
    private volatile long startMillis;

    /**
     * @param version of the program
     * @param stateDir folder of the state file, there and writable
     * @param runDir folder of the sockets, there and writable
     * @param offers embedded drives that can be claimed
     * @param watchInterval between two looks at each VM
     */
    public record Setup(String version, Path stateDir, Path runDir, List<RamOffer> offers, Duration watchInterval) {
        public Setup(String version, Path stateDir, Path runDir, List<RamOffer> offers) {
            this(version, stateDir, runDir, offers, WATCH_INTERVAL);
        }
    }

    /**
     * Reads the state, and serves again what it says.
     *
     * @throws io.vnvme.control.store.StateFileException when the state cannot be read: nothing was changed
     */
    public Services(Setup setup, DataPlane dataPlane) {
        this.setup = setup;
        this.dataPlane = dataPlane;
        this.registry = new Registry(new StateFile(setup.stateDir()));
        this.drives = new Drives(registry, dataPlane, setup.offers());
        this.vnvmes = new Vnvmes(registry, dataPlane, drives, setup.runDir().resolve("drives"));
        Slots slots = new Slots();
        this.monitors = new Monitors(slots, setup.watchInterval());
        this.vnvmeService = new VnvmeService(registry, vnvmes, new Attachments(vnvmes, slots), slots, monitors);
        Rehearsal.run(setup.runDir(), dataPlane);
        drives.openClaimed();
        vnvmes.openAll();
    }

    public Drives drives() {
        return drives;
    }

    public VnvmeService vnvmes() {
        return vnvmeService;
    }

    /** @param startMillis from the start of the process until now */
    public void serving(long startMillis) {
        this.startMillis = startMillis;
        servingSinceNs = System.nanoTime();
    }

    public SystemInfo system() {
        List<DriveInfo> all = drives.list();
        List<DriveInfo> claimed =
                all.stream().filter(d -> d.state().equals("claimed")).toList();
        List<VnvmeInfo> infos = vnvmeService.list();
        List<String> warnings = new ArrayList<>(drives.failures().values());
        warnings.addAll(vnvmeService.warnings());
        return new SystemInfo(
                setup.version(),
                ProcessHandle.current().pid(),
                (System.nanoTime() - servingSinceNs) / 1_000_000_000,
                startMillis,
                setup.stateDir().toString(),
                setup.runDir().toString(),
                all.size(),
                claimed.size(),
                claimed.stream().mapToLong(DriveInfo::sizeBytes).sum(),
                claimed.stream().mapToLong(DriveInfo::freeBytes).sum(),
                infos.size(),
                (int) infos.stream()
                        .filter(v -> v.state().equals("attached") || v.state().equals("connected"))
                        .count(),
                dataPlane.reactors(),
                warnings);
    }

    /** Stops serving; the state stays as it is. */
    @Override
    public void close() {
        monitors.close();
        vnvmes.closeAll();
        dataPlane.close();
    }
}

package io.vnvme.bench.demo;

import io.vnvme.bench.BenchSpec;
import io.vnvme.bench.HostBench;
import io.vnvme.bench.Sample;
import io.vnvme.bench.load.LoadResult;
import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.load.Workload;
import io.vnvme.bench.peer.RamFile;
import io.vnvme.bench.peer.StorageDaemon;
import io.vnvme.bench.peer.VhostUserClient;
import io.vnvme.bench.report.Way;
import io.vnvme.bench.report.Where;
import io.vnvme.drive.Drive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.os.Cpu;
import io.vnvme.testkit.lab.Lab;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/** The three ways on the host, round by round, so that whatever the machine does meanwhile meets all of them. */
final class HostRounds {
    private static final int DEPTH = 64;
    private static final int BLOCK_BYTES = 4096;
    private static final Duration WARM_UP = Duration.ofMillis(250);
    private static final Duration COUNTED = Duration.ofMillis(750);
    private static final double NS_PER_US = 1e3;
    private static final List<Way> WAYS = List.of(Way.LEGACY, Way.VNVME, Way.BARE);

    private final CpuPlan cpus;
    private final Progress progress;
    private final Path socket;
    private final Drive bare;
    private final Legacy legacy;

    private record Legacy(String engine, StorageDaemon server, VhostUserClient client) {}

    private HostRounds(CpuPlan cpus, Progress progress, Path socket, Drive bare, Legacy legacy) {
        this.cpus = cpus;
        this.progress = progress;
        this.socket = socket;
        this.bare = bare;
        this.legacy = legacy;
    }

    /**
     * Prepares the legacy and the bare drive, as large as the vNVMe; every byte of all three is written once.
     *
     * @param socket a vNVMe that nobody uses
     * @param folder for socket and log of the legacy server
     */
    static HostRounds prepare(
            Lab lab, CpuPlan cpus, Progress progress, Cleanup cleanup, Path socket, Path folder, long sizeBytes)
            throws IOException {
        HostBench.fill(socket);
        RamDrive drive = RamDrive.create("bare", sizeBytes);
        cleanup.add(drive);
        Filling.fill(drive);
        RamFile file = cleanup.add(RamFile.create("vnvme-demo-host", sizeBytes));
        StorageDaemon server = cleanup.add(StorageDaemon.start(lab.qemuStorageDaemon(), folder, file, cpus.server()));
        VhostUserClient client = cleanup.add(VhostUserClient.connect(lab.libblkio(), server.socket(), DEPTH));
        return new HostRounds(cpus, progress, socket, drive, new Legacy(file.engine(), server, client));
    }

    /** How QEMU's block layer does its I/O, in words. */
    String legacyEngine() {
        return legacy.engine();
    }

    /** Measures every way and workload once in each round, in turning order; what comes first of all is thrown away. */
    Series run(int rounds) throws InterruptedException {
        Series series = new Series(Where.HOST);
        for (int round = 0; round <= rounds; round++) {
            List<Way> order = new java.util.ArrayList<>(WAYS);
            Collections.rotate(order, round);
            for (Workload workload : Workload.values()) {
                progress.doing(
                        round == 0
                                ? workload.words() + ", warming up"
                                : workload.words() + ", round " + round + " of " + rounds);
                for (Way way : order) {
                    Sample sample = measure(way, workload);
                    if (round > 0) {
                        series.add(way, workload, sample);
                    }
                }
            }
        }
        return series;
    }

    private Sample measure(Way way, Workload workload) throws InterruptedException {
        BenchSpec spec = new BenchSpec(workload, DEPTH, BLOCK_BYTES, WARM_UP, COUNTED, cpus.client());
        return switch (way) {
            case LEGACY -> PinnedThread.call("legacy", cpus.client(), () -> legacy(workload));
            case VNVME -> HostBench.vnvme(socket, spec);
            case BARE -> HostBench.bare(bare, spec.onCpu(cpus.server()));
            case QEMU_NVME, CEILING -> throw new IllegalArgumentException(way + " is no way on the host");
        };
    }

    private Sample legacy(Workload workload) {
        legacy.client().run(workload, WARM_UP);
        long before = Cpu.processCpuTimeNs(legacy.server().pid());
        LoadResult result = legacy.client().run(workload, COUNTED);
        double cpuUs = (Cpu.processCpuTimeNs(legacy.server().pid()) - before) / NS_PER_US;
        return new Sample(
                result.iops(), result.p50Ns() / NS_PER_US, result.p99Ns() / NS_PER_US, cpuUs / result.operations());
    }
}

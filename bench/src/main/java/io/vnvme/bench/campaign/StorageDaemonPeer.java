package io.vnvme.bench.campaign;

import io.vnvme.bench.Sample;
import io.vnvme.bench.load.LoadResult;
import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.peer.RamFile;
import io.vnvme.bench.peer.StorageDaemon;
import io.vnvme.bench.peer.VhostUserClient;
import io.vnvme.os.Cpu;
import io.vnvme.testkit.lab.Lab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** qemu-storage-daemon: vhost-user-blk over a file in memory, by libblkio, one queue. */
final class StorageDaemonPeer implements Contender {
    static final String NAME = "qemu-storage-daemon";

    private final Lab lab;
    private final Path folder;
    private final RamFile file;
    private final StorageDaemon server;

    private StorageDaemonPeer(Lab lab, Path folder, RamFile file, StorageDaemon server) {
        this.lab = lab;
        this.folder = folder;
        this.file = file;
        this.server = server;
    }

    static StorageDaemonPeer start(Lab lab, int cpu, long sizeBytes) throws IOException {
        Path folder = Files.createTempDirectory("vnvme-bench-qsd");
        RamFile file = RamFile.create("vnvme-bench", sizeBytes);
        try {
            return new StorageDaemonPeer(
                    lab, folder, file, StorageDaemon.start(lab.qemuStorageDaemon(), folder, file, cpu));
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean takes(Point point) {
        return point.drive() == DriveKind.RAM && point.traffic().queues() == 1;
    }

    @Override
    public Sample measure(Point point, Span span) throws IOException {
        try {
            return PinnedThread.call("client", span.clientCpu(), () -> measured(point, span));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private Sample measured(Point point, Span span) {
        try (VhostUserClient client = VhostUserClient.connect(
                lab.libblkio(),
                server.socket(),
                point.traffic().depth(),
                point.traffic().blockBytes())) {
            int percent = point.traffic().readPercent();
            client.run(percent, span.warmUp());
            long before = Cpu.processCpuTimeNs(server.pid());
            LoadResult result = client.run(percent, span.length());
            double cpuUs = (Cpu.processCpuTimeNs(server.pid()) - before) / 1e3;
            return new Sample(result.iops(), result.p50Ns() / 1e3, result.p99Ns() / 1e3, cpuUs / result.operations());
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        file.close();
        Files.deleteIfExists(folder.resolve("qemu-storage-daemon.log"));
        Files.deleteIfExists(folder);
    }
}

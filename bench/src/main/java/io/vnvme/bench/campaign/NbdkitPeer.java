package io.vnvme.bench.campaign;

import io.vnvme.bench.Sample;
import io.vnvme.os.Cpu;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** nbdkit's memory plugin over a Unix socket, driven by fio's NBD engine. */
final class NbdkitPeer implements Contender {
    static final String NAME = "nbdkit";
    private static final long START_MS = 5000;
    private static final double NS_A_US = 1e3;

    private final Path fio;
    private final Path folder;
    private final Process server;

    private NbdkitPeer(Path fio, Path folder, Process server) {
        this.fio = fio;
        this.folder = folder;
        this.server = server;
    }

    /** Where the program is; nowhere when it is not installed. */
    static Optional<Path> program() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .map(folder -> Path.of(folder, NAME))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static NbdkitPeer start(Path program, Path fio, int cpu, long sizeBytes) throws IOException {
        Path folder = Files.createTempDirectory("vnvme-bench-nbd");
        Path socket = folder.resolve("socket");
        Process server = new ProcessBuilder(
                        "taskset",
                        "-c",
                        Integer.toString(cpu),
                        program.toString(),
                        "--foreground",
                        "--unix",
                        socket.toString(),
                        "memory",
                        Long.toString(sizeBytes))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        NbdkitPeer peer = new NbdkitPeer(fio, folder, server);
        long end = System.nanoTime() + START_MS * 1_000_000;
        while (!Files.exists(socket)) {
            if (!server.isAlive() || System.nanoTime() > end) {
                String said = Files.readString(folder.resolve("log"));
                peer.close();
                throw new IOException("nbdkit did not start: " + said);
            }
            Thread.onSpinWait();
        }
        return peer;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean takes(Point point) {
        int depth = point.traffic().depth();
        return point.drive() == DriveKind.RAM && point.traffic().queues() == 1 && (depth == 1 || depth == 64);
    }

    @Override
    public Sample measure(Point point, Span span) throws IOException {
        List<String> command = new ArrayList<>(FioRun.command(
                fio, span.clientCpu(), "--ioengine=nbd", "--uri=nbd+unix:///?socket=" + folder.resolve("socket")));
        command.addAll(FioRun.job(point.traffic(), span.warmUp(), span.length()));
        long before = Cpu.processCpuTimeNs(server.pid());
        Sample sample = FioRun.sample(FioRun.run(command), point.traffic(), 0);
        double cpuUs = (Cpu.processCpuTimeNs(server.pid()) - before) / NS_A_US;
        // The warm-up's transfers cost as much each: they are in the processor time.
        double seconds = (span.warmUp().toNanos() + span.length().toNanos()) / 1e9;
        return new Sample(sample.iops(), sample.p50Us(), sample.p99Us(), cpuUs / (sample.iops() * seconds));
    }

    @Override
    public void close() throws IOException {
        server.destroyForcibly().onExit().join();
        for (String name : new String[] {"socket", "log"}) {
            Files.deleteIfExists(folder.resolve(name));
        }
        Files.deleteIfExists(folder);
    }
}

package io.vnvme.bench.campaign;

import io.vnvme.bench.BenchSpec;
import io.vnvme.bench.HostBench;
import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Workload;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** vNVMes of one daemon: thin volumes on RAM, on a null drive, on a file, each written once before. */
final class Ours implements Contender {
    static final String NAME = "vnvme";
    private static final Duration JIT_TIME = Duration.ofSeconds(1);

    private final BenchDaemon daemon;
    private final Map<DriveKind, Path> sockets = new EnumMap<>(DriveKind.class);

    private Ours(BenchDaemon daemon) {
        this.daemon = daemon;
    }

    /**
     * Prepares all of it.
     *
     * @param file where the file drive is made; null: there is none
     */
    static Ours start(int serverCpu, int clientCpu, long sizeBytes, @Nullable Path file, BenchDaemon.Options options)
            throws IOException {
        Ours ours = new Ours(BenchDaemon.start(serverCpu, options));
        try {
            // A pool keeps its own data on its drive as well.
            long driveBytes = sizeBytes + sizeBytes / 4;
            ours.add(DriveKind.RAM, "ram:" + driveBytes, null, sizeBytes, clientCpu);
            ours.add(DriveKind.NULL, "null:" + driveBytes, null, sizeBytes, clientCpu);
            if (file != null) {
                ours.add(DriveKind.FILE, file.toString(), driveBytes, sizeBytes, clientCpu);
            }
            return ours;
        } catch (IOException | RuntimeException e) {
            ours.close();
            throw e;
        }
    }

    /** The first runs of a JVM, of the client's too, are compiled code's cradle: they do not count. */
    private void add(DriveKind kind, String spec, @Nullable Long fileBytes, long sizeBytes, int clientCpu)
            throws IOException {
        Path socket = daemon.create(kind.name().toLowerCase(Locale.ROOT), spec, fileBytes, sizeBytes);
        sockets.put(kind, socket);
        HostBench.fill(socket);
        for (Workload workload : Workload.values()) {
            HostBench.vnvme(socket, BenchSpec.of(workload, 64).onCpu(clientCpu).lasting(Duration.ZERO, JIT_TIME));
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean takes(Point point) {
        return sockets.containsKey(point.drive());
    }

    @Override
    public Sample measure(Point point, Span span) {
        Path socket = sockets.get(point.drive());
        if (socket == null) {
            throw new IllegalArgumentException("no vNVMe on " + point.drive());
        }
        BenchSpec when =
                BenchSpec.of(Workload.RANDREAD, 1).onCpu(span.clientCpu()).lasting(span.warmUp(), span.length());
        return HostBench.vnvme(socket, point.traffic(), when);
    }

    @Override
    public void close() throws IOException {
        daemon.close();
    }
}

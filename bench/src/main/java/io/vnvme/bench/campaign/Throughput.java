package io.vnvme.bench.campaign;

import io.vnvme.bench.BenchSpec;
import io.vnvme.bench.HostBench;
import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Workload;
import io.vnvme.drive.ram.RamDrive;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * How fast one vNVMe on a RAM drive is: its engine in one process on one processor, a polled client in another on the
 * other, beside the bare drive and the memory's own limit. Repeats are interleaved: what disturbs one, disturbs all.
 */
final class Throughput {
    private static final long DRIVE_BYTES = 512L << 20;
    private static final int[] DEPTHS = {1, 64};

    private final int repeats;
    private final Duration length;
    private final int serverCpu;
    private final int clientCpu;
    private final List<String> jvmOptions;

    /**
     * @param length of each measurement, after a warm-up of a quarter of it
     * @param jvmOptions of the engine's process
     */
    Throughput(int repeats, Duration length, int serverCpu, int clientCpu, List<String> jvmOptions) {
        this.repeats = repeats;
        this.length = length;
        this.serverCpu = serverCpu;
        this.clientCpu = clientCpu;
        this.jvmOptions = jvmOptions;
    }

    List<ThroughputFigure> run() throws IOException {
        try (EngineProcess engine = EngineProcess.start(serverCpu, DRIVE_BYTES, 1, jvmOptions);
                RamDrive drive = RamDrive.create("bare", DRIVE_BYTES)) {
            Path socket = engine.socket(0);
            HostBench.fill(socket);
            HostBench.fill(drive);
            Map<String, Function<BenchSpec, Sample>> ways = new LinkedHashMap<>();
            ways.put("vnvme", spec -> HostBench.vnvme(socket, spec));
            ways.put("bare", spec -> HostBench.bare(drive, spec));
            ways.put("copies", spec -> HostBench.copies(DRIVE_BYTES, spec));
            for (Workload workload : Workload.values()) {
                // The first run of a JVM is compiled code's cradle: it does not count.
                HostBench.vnvme(socket, spec(workload, 64));
            }
            return measure(ways);
        }
    }

    private List<ThroughputFigure> measure(Map<String, Function<BenchSpec, Sample>> ways) {
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        for (int repeat = 0; repeat < repeats; repeat++) {
            for (Workload workload : Workload.values()) {
                for (int depth : DEPTHS) {
                    ways.forEach((way, measurement) -> samples.computeIfAbsent(
                                    key(way, workload, depth), _ -> new ArrayList<>())
                            .add(measurement.apply(spec(workload, depth))));
                }
            }
        }
        List<ThroughputFigure> figures = new ArrayList<>();
        for (Workload workload : Workload.values()) {
            for (int depth : DEPTHS) {
                for (String way : ways.keySet()) {
                    List<Sample> of = samples.getOrDefault(key(way, workload, depth), List.of());
                    figures.add(ThroughputFigure.of(way, workload.fioName(), depth, of));
                }
            }
        }
        return figures;
    }

    private static String key(String way, Workload workload, int depth) {
        return way + workload + depth;
    }

    private BenchSpec spec(Workload workload, int depth) {
        return BenchSpec.of(workload, depth).onCpu(clientCpu).lasting(length.dividedBy(4), length);
    }

    static String table(List<ThroughputFigure> figures) {
        StringBuilder text = new StringBuilder("%-10s %4s %-8s %12s %12s %12s %9s %9s %9s%n"
                .formatted("workload", "QD", "way", "IOPS", "lowest", "highest", "p50 us", "p99 us", "CPU us/IO"));
        for (ThroughputFigure figure : figures) {
            text.append("%-10s %4d %-8s %,12.0f %,12.0f %,12.0f %9.2f %9.2f %9.3f%n"
                    .formatted(
                            figure.workload(),
                            figure.queueDepth(),
                            figure.way(),
                            figure.iops(),
                            figure.iopsLow(),
                            figure.iopsHigh(),
                            figure.p50Us(),
                            figure.p99Us(),
                            figure.cpuUsPerIo()));
        }
        return text.toString();
    }
}

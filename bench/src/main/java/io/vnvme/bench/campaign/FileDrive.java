package io.vnvme.bench.campaign;

import io.vnvme.bench.BenchSpec;
import io.vnvme.bench.HostBench;
import io.vnvme.bench.load.Traffic;
import io.vnvme.bench.load.Workload;
import io.vnvme.bench.report.Median;
import io.vnvme.bench.report.Ratio;
import io.vnvme.testkit.lab.Lab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How fast a vNVMe is on a drive that is a file, with direct transfers by io_uring, beside fio's io_uring on the same file:
 * with registered files and buffers, on the processor that the engine's reactor has in its turn. The two take turns, and
 * who begins changes from round to round: what disturbs one, disturbs both.
 */
final class FileDrive {
    private static final long SIZE_BYTES = 1L << 30;
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final int[] DEPTHS = {1, 32, 128};
    private static final int BLOCK_BYTES = 4096;

    private final Path folder;
    private final int repeats;
    private final Duration length;
    private final int serverCpu;
    private final int clientCpu;
    private final List<String> jvmOptions;

    /**
     * @param vnvme transfers a second of each round
     * @param fio the same of fio
     */
    record Figure(Workload workload, int queueDepth, List<Double> vnvme, List<Double> fio) {
        Ratio ratio() {
            return Ratio.of(array(vnvme), array(fio));
        }
    }

    FileDrive(Path folder, int repeats, Duration length, int serverCpu, int clientCpu, List<String> jvmOptions) {
        this.folder = folder;
        this.repeats = repeats;
        this.length = length;
        this.serverCpu = serverCpu;
        this.clientCpu = clientCpu;
        this.jvmOptions = jvmOptions;
    }

    List<Figure> run() throws IOException {
        Path fio = Lab.prepare().program("fio");
        Path file = Files.createTempFile(folder, "vnvme-bench", ".drive");
        try {
            // Every block is written before: a hole would be allocated by the first to come.
            fio(fio, file, List.of("--rw=write", "--bs=1m", "--iodepth=8", "--size=" + SIZE_BYTES));
            try (EngineProcess engine = EngineProcess.onFile(serverCpu, file, jvmOptions)) {
                for (Workload workload : Workload.values()) {
                    // A disk gives compilers far fewer transfers to learn from than RAM does.
                    HostBench.vnvme(
                            engine.socket(0),
                            BenchSpec.of(workload, 128).onCpu(clientCpu).lasting(WARM_UP, length));
                }
                List<Figure> figures = new ArrayList<>();
                for (Workload workload : Workload.values()) {
                    for (int depth : DEPTHS) {
                        figures.add(measure(fio, file, engine, workload, depth));
                    }
                }
                return figures;
            }
        } finally {
            Files.delete(file);
        }
    }

    private Figure measure(Path fio, Path file, EngineProcess engine, Workload workload, int depth) throws IOException {
        List<Double> ours = new ArrayList<>();
        List<Double> theirs = new ArrayList<>();
        for (int round = 0; round < repeats; round++) {
            for (int turn = 0; turn < 2; turn++) {
                if ((round + turn & 1) == 0) {
                    ours.add(HostBench.vnvme(engine.socket(0), spec(workload, depth))
                            .iops());
                } else {
                    theirs.add(fio(fio, file, workload, depth));
                }
            }
        }
        return new Figure(workload, depth, ours, theirs);
    }

    private BenchSpec spec(Workload workload, int depth) {
        return BenchSpec.of(workload, depth).onCpu(clientCpu).lasting(length.dividedBy(4), length);
    }

    private double fio(Path fio, Path file, Workload workload, int depth) throws IOException {
        Traffic traffic = Traffic.of(workload, BLOCK_BYTES, depth);
        String report = fio(fio, file, FioRun.job(traffic, length.dividedBy(4), length));
        return FioRun.sample(report, traffic, 0).iops();
    }

    private String fio(Path fio, Path file, List<String> job) throws IOException {
        List<String> command = FioRun.command(
                fio,
                serverCpu,
                "--filename=" + file,
                "--direct=1",
                "--ioengine=io_uring",
                "--registerfiles",
                "--fixedbufs");
        command.addAll(job);
        return FioRun.run(command);
    }

    static String table(List<Figure> figures) {
        StringBuilder text = new StringBuilder("%-10s %4s %22s %22s   %s%n"
                .formatted("workload", "QD", "vNVMe IOPS (spread)", "fio IOPS (spread)", "vNVMe / fio (spread)"));
        for (Figure figure : figures) {
            Ratio ratio = figure.ratio();
            text.append("%-10s %4d %22s %22s   %.3f (%.3f-%.3f)%n"
                    .formatted(
                            figure.workload().fioName(),
                            figure.queueDepth(),
                            iops(figure.vnvme()),
                            iops(figure.fio()),
                            ratio.median(),
                            ratio.low(),
                            ratio.high()));
        }
        return text.toString();
    }

    private static double[] array(List<Double> rounds) {
        return rounds.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static String iops(List<Double> rounds) {
        double[] sorted = array(rounds);
        Arrays.sort(sorted);
        return "%,.0f (%,.0f-%,.0f)".formatted(Median.of(sorted), sorted[0], sorted[sorted.length - 1]);
    }
}

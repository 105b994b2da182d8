package io.vnvme.bench.campaign;

import io.vnvme.bench.BenchSpec;
import io.vnvme.bench.HostBench;
import io.vnvme.bench.load.Workload;
import io.vnvme.bench.report.Median;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How fast a daemon is in the first second of its first guest, for what it reaches later. The client has met another daemon
 * before: what is slow at first is the daemon. The drive is a null one: the first touch of a RAM drive's memory is the kernel's
 * time, and on some virtual machines far longer than anything else.
 */
final class FirstSecond {
    private static final long SIZE_BYTES = 256L << 20;
    private static final String DRIVE = "null:320M";
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration BETWEEN = Duration.ofSeconds(4);
    private static final Duration STEADY = Duration.ofSeconds(1);
    private static final int DEPTH = 64;

    private FirstSecond() {}

    /**
     * One start.
     *
     * @param servingSeconds from the start of the process until it serves, in seconds
     * @param first transfers in the first second
     * @param steady transfers a second once it has run for some seconds
     */
    record Start(Workload workload, double servingSeconds, double first, double steady) {}

    static List<Start> measure(int repeats, int serverCpu, int clientCpu, BenchDaemon.Options options)
            throws IOException {
        try (BenchDaemon other = BenchDaemon.start(serverCpu, options)) {
            Path socket = other.create("d", DRIVE, null, SIZE_BYTES);
            for (Workload workload : Workload.values()) {
                run(socket, workload, clientCpu, BETWEEN);
            }
        }
        List<Start> starts = new ArrayList<>();
        for (int i = 0; i < repeats; i++) {
            for (Workload workload : Workload.values()) {
                starts.add(start(workload, serverCpu, clientCpu, options));
            }
        }
        return starts;
    }

    private static Start start(Workload workload, int serverCpu, int clientCpu, BenchDaemon.Options options)
            throws IOException {
        long begunNs = System.nanoTime();
        try (BenchDaemon daemon = BenchDaemon.start(serverCpu, options)) {
            double serving = (System.nanoTime() - begunNs) / 1e9;
            Path socket = daemon.create("d", DRIVE, null, SIZE_BYTES);
            double first = run(socket, workload, clientCpu, FIRST);
            run(socket, workload, clientCpu, BETWEEN);
            return new Start(workload, serving, first, run(socket, workload, clientCpu, STEADY));
        }
    }

    private static double run(Path socket, Workload workload, int clientCpu, Duration length) {
        BenchSpec spec = BenchSpec.of(workload, DEPTH).onCpu(clientCpu).lasting(Duration.ZERO, length);
        return HostBench.vnvme(socket, spec).iops();
    }

    static String table(List<Start> starts) {
        StringBuilder text = new StringBuilder(
                "%-12s %10s %14s %14s %8s%n".formatted("workload", "serving s", "first second", "steady", "ratio"));
        for (Start start : starts) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-12s %10.2f %,14.0f %,14.0f %8.2f%n",
                    start.workload().words(),
                    start.servingSeconds(),
                    start.first(),
                    start.steady(),
                    start.first() / start.steady()));
        }
        for (Workload workload : Workload.values()) {
            double[] ratios = starts.stream()
                    .filter(s -> s.workload() == workload)
                    .mapToDouble(s -> s.first() / s.steady())
                    .toArray();
            text.append(String.format(Locale.ROOT, "%s: median %.2f%n", workload.words(), Median.of(ratios)));
        }
        return text.toString();
    }
}

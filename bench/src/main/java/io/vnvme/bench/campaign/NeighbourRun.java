package io.vnvme.bench.campaign;

import io.vnvme.bench.BareNeighbour;
import io.vnvme.bench.LargeNeighbour;
import io.vnvme.bench.LargeNeighbour.Outcome;
import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.report.Median;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** What a guest with 4 KiB reads at depth 1 feels of one that reads 1 MiB at depth 1023, on one reactor. */
final class NeighbourRun {
    private static final long DRIVE_BYTES = 256L << 20;
    private static final Duration JIT_TIME = Duration.ofSeconds(3);
    private static final Duration WARM_UP = Duration.ofMillis(200);
    private static final Duration LENGTH = Duration.ofSeconds(1);
    private static final int[] BARE_SLICES = {4 << 10, 8 << 10};

    private final int rounds;
    private final int server;
    private final int client;
    private final List<String> jvmOptions;
    private final PrintStream out;

    NeighbourRun(int rounds, int server, int client, List<String> jvmOptions, PrintStream out) {
        this.rounds = rounds;
        this.server = server;
        this.client = client;
        this.jvmOptions = jvmOptions;
        this.out = out;
    }

    /** Someone who is alone, and beside the other. */
    private interface Pair {
        Outcome run(boolean beside, Duration warmUp, Duration length) throws InterruptedException;
    }

    void run() throws IOException, InterruptedException {
        out.println("| who | p50 alone, beside, us | p99 alone, beside, us | p99 beside / alone | lowest - highest |"
                + " neighbour MiB/s |");
        out.println("| --- | --- | --- | ---: | --- | ---: |");
        try (EngineProcess engine = EngineProcess.start(server, DRIVE_BYTES, 2, jvmOptions)) {
            onClient(() -> {
                try (LargeNeighbour both = new LargeNeighbour(engine.socket(0), engine.socket(1))) {
                    measure("vNVMes", both::run);
                }
                return true;
            });
        }
        for (int slice : BARE_SLICES) {
            onClient(() -> {
                try (BareNeighbour bare = new BareNeighbour(server, slice)) {
                    measure("plain thread, slices of %d KiB".formatted(slice >> 10), bare::run);
                }
                return true;
            });
        }
    }

    private void onClient(Callable<Boolean> work) throws InterruptedException {
        PinnedThread.call("client", client, work);
    }

    private void measure(String who, Pair pair) throws InterruptedException {
        pair.run(true, Duration.ZERO, JIT_TIME);
        pair.run(false, Duration.ZERO, JIT_TIME);
        List<Outcome> alone = new ArrayList<>();
        List<Outcome> beside = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            for (boolean other : new boolean[] {round % 2 == 0, round % 2 != 0}) {
                (other ? beside : alone).add(pair.run(other, WARM_UP, LENGTH));
            }
        }
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            ratios[round] = beside.get(round).us(99) / alone.get(round).us(99);
        }
        out.println(String.format(
                Locale.ROOT,
                "| %s | %.2f, %.2f | %.2f, %.2f | %.1f | %.1f - %.1f | %.0f |",
                who,
                median(alone, 50),
                median(beside, 50),
                median(alone, 99),
                median(beside, 99),
                Median.of(ratios),
                Arrays.stream(ratios).min().orElseThrow(),
                Arrays.stream(ratios).max().orElseThrow(),
                Median.of(beside.stream()
                                .mapToDouble(Outcome::largeBytesPerSecond)
                                .toArray())
                        / (1 << 20)));
    }

    private static double median(List<Outcome> outcomes, double percentile) {
        return Median.of(outcomes.stream().mapToDouble(o -> o.us(percentile)).toArray());
    }
}

package io.vnvme.bench.pool;

import io.vnvme.bench.pool.ReactorSide.Count;
import io.vnvme.bench.report.Median;
import io.vnvme.bench.report.Ratio;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToDoubleFunction;

/**
 * What two reactors do together for what each does alone: pools of their own, clients that the reactors poll themselves, 4 KiB
 * at random, 64 deep. Which of the three is first changes from round to round.
 */
public final class ReactorsRun {
    private static final long WARM_UP_NS = 200_000_000;
    private static final long LENGTH_NS = 500_000_000;
    /** The compiler's time. */
    private static final long FIRST_WARM_UP_NS = 4_000_000_000L;

    private final int rounds;
    private final int[] cpus;
    private final PrintStream out;

    /** @param cpus processors of the reactors */
    public ReactorsRun(int rounds, int[] cpus, PrintStream out) {
        this.rounds = rounds;
        this.cpus = cpus.clone();
        this.out = out;
    }

    /** Measures all, and prints a table. */
    public void run() {
        out.println("| what | one, kIOPS | two, kIOPS | two / one | lowest - highest | CPU ns, one | CPU ns, two |");
        out.println("| --- | ---: | ---: | ---: | --- | ---: | ---: |");
        for (boolean nothing : new boolean[] {false, true}) {
            try (ReactorSide first = new ReactorSide(0, cpus[0], nothing);
                    ReactorSide second = new ReactorSide(1, cpus[1], nothing)) {
                List<ReactorSide> both = List.of(first, second);
                for (int kind : new int[] {ReactorSide.Load.READ, ReactorSide.Load.WRITE}) {
                    measure(both, kind, FIRST_WARM_UP_NS);
                    String direction = kind == ReactorSide.Load.READ ? "read" : "write";
                    compare((nothing ? "null, " : "RAM, ") + direction, both, kind);
                }
            }
        }
    }

    private void compare(String what, List<ReactorSide> sides, int kind) {
        List<Count> alone = new ArrayList<>();
        List<Count> together = new ArrayList<>();
        double[] one = new double[rounds];
        double[] two = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            for (int turn = 0; turn < sides.size() + 1; turn++) {
                int place = (round + turn) % (sides.size() + 1);
                if (place == sides.size()) {
                    List<Count> counts = measure(sides, kind, WARM_UP_NS);
                    together.addAll(counts);
                    two[round] = counts.stream().mapToDouble(Count::iops).sum();
                } else {
                    Count count =
                            measure(List.of(sides.get(place)), kind, WARM_UP_NS).getFirst();
                    alone.add(count);
                    one[round] += count.iops() / sides.size();
                }
            }
        }
        Ratio ratio = Ratio.of(two, one);
        out.println(String.format(
                Locale.ROOT,
                "| %s | %.0f | %.0f | %.2f | %.2f - %.2f | %.0f | %.0f |",
                what,
                Median.of(one) / 1e3,
                Median.of(two) / 1e3,
                ratio.median(),
                ratio.low(),
                ratio.high(),
                median(alone, Count::cpuNs),
                median(together, Count::cpuNs)));
    }

    private static double median(List<Count> counts, ToDoubleFunction<Count> value) {
        return Median.of(counts.stream().mapToDouble(value).toArray());
    }

    private static List<Count> measure(List<ReactorSide> sides, int kind, long warmUpNs) {
        List<CompletableFuture<Count>> running = sides.stream()
                .map(side -> side.begin(kind, warmUpNs, LENGTH_NS))
                .toList();
        return running.stream().map(CompletableFuture::join).toList();
    }
}

package io.vnvme.bench.pool;

import io.vnvme.bench.pool.ReactorSide.Count;
import io.vnvme.bench.pool.ReactorSide.Memory;
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

    private static final int[] KINDS = {ReactorSide.Load.READ, ReactorSide.Load.WRITE};

    /** Something with a processor of its own. */
    interface Side {
        /** Begins to count, after a time of warming up. @return what it will have counted */
        CompletableFuture<Count> begin(int kind, long warmUpNs, long lengthNs);
    }

    private final int rounds;
    private final int[] cpus;
    private final PrintStream out;

    /** @param cpus processors of the reactors */
    public ReactorsRun(int rounds, int[] cpus, PrintStream out) {
        this.rounds = rounds;
        this.cpus = cpus.clone();
        this.out = out;
    }

    /** Measures all, and prints tables. */
    public void run() {
        out.println("| what | one, kIOPS | two, kIOPS | two / one | lowest - highest | CPU ns, one | CPU ns, two |");
        out.println("| --- | ---: | ---: | ---: | --- | ---: | ---: |");
        for (Memory memory : List.of(Memory.RAM, Memory.NOTHING)) {
            try (ReactorSide first = new ReactorSide(cpus[0], cpus[1], memory);
                    ReactorSide second = new ReactorSide(cpus[1], cpus[0], memory)) {
                compare(memory.nothing() ? "null, " : "RAM, ", List.of(first, second));
            }
        }
        try (PlainCopies first = new PlainCopies(cpus[0], ReactorSide.VOLUME_BYTES);
                PlainCopies second = new PlainCopies(cpus[1], ReactorSide.VOLUME_BYTES)) {
            compare("plain copies, ", List.of(first, second));
        }
    }

    private void compare(String what, List<Side> both) {
        for (int kind : KINDS) {
            measure(both, kind, FIRST_WARM_UP_NS);
            compare(what + direction(kind), both, kind);
        }
    }

    /** Measures one pool whose reactor lends copies to another, beside one that makes them all. */
    public void lend() {
        out.println(
                "| what | lent of eight | lending / alone | lowest - highest | CPU ns of the owner, alone | lending |");
        out.println("| --- | ---: | ---: | --- | ---: | ---: |");
        for (int eighths : new int[] {2, 4, 6, 8}) {
            for (int kind : KINDS) {
                lend(eighths, kind);
            }
        }
    }

    /** One after the other, since a helper has no processor beside another reactor. */
    private void lend(int eighths, int kind) {
        double[] alone = new double[rounds];
        double[] lending = new double[rounds];
        List<Count> all = new ArrayList<>();
        List<Count> some = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            for (int turn = 0; turn < 2; turn++) {
                boolean lends = (round + turn) % 2 == 0;
                try (ReactorSide side = new ReactorSide(cpus[0], cpus[1], lends ? Memory.lent(eighths) : Memory.RAM)) {
                    Count count = measure(List.of(side), kind, round == 0 ? FIRST_WARM_UP_NS : WARM_UP_NS)
                            .getFirst();
                    (lends ? some : all).add(count);
                    (lends ? lending : alone)[round] = count.iops();
                }
            }
        }
        Ratio ratio = Ratio.of(lending, alone);
        out.println(String.format(
                Locale.ROOT,
                "| RAM, %s | %d | %.2f | %.2f - %.2f | %.0f | %.0f |",
                direction(kind),
                eighths,
                ratio.median(),
                ratio.low(),
                ratio.high(),
                median(all, Count::cpuNs),
                median(some, Count::cpuNs)));
    }

    private static String direction(int kind) {
        return kind == ReactorSide.Load.READ ? "read" : "write";
    }

    private void compare(String what, List<Side> sides, int kind) {
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

    private static List<Count> measure(List<Side> sides, int kind, long warmUpNs) {
        List<CompletableFuture<Count>> running = sides.stream()
                .map(side -> side.begin(kind, warmUpNs, LENGTH_NS))
                .toList();
        return running.stream().map(CompletableFuture::join).toList();
    }
}

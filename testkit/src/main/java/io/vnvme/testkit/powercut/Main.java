package io.vnvme.testkit.powercut;

import io.vnvme.testkit.powercut.Simulation.Figures;
import io.vnvme.testkit.seed.Seed;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The command {@code ./dev simulate}: power cuts of simulated pools for some time, or one simulation again. */
public final class Main {
    private static final String USAGE = "usage: ./dev simulate [--seed S] [--seconds N] [--threads N] [--kind KIND]";
    private static final int USAGE_ERROR = 2;

    private Main() {}

    public static void main(String[] arguments) {
        Long seed = null;
        Long seconds = null;
        PoolKind kind = null;
        int threads = Runtime.getRuntime().availableProcessors();
        for (int i = 0; i < arguments.length; i += 2) {
            String value = i + 1 < arguments.length ? arguments[i + 1] : "";
            try {
                switch (arguments[i]) {
                    case "--seed" -> seed = Long.decode(value);
                    case "--seconds" -> seconds = Long.decode(value);
                    case "--threads" -> threads = Math.max(1, Integer.parseInt(value));
                    case "--kind" -> kind = PoolKind.valueOf(value.toUpperCase(Locale.ROOT));
                    default -> usage();
                }
            } catch (IllegalArgumentException e) {
                usage();
            }
        }
        System.exit(run(
                seed == null ? Seed.fresh() : new Seed(seed), seed != null && seconds == null, seconds, threads, kind));
    }

    private static void usage() {
        System.err.println(USAGE);
        System.exit(USAGE_ERROR);
    }

    private static int run(Seed seed, boolean once, @Nullable Long seconds, int threads, @Nullable PoolKind kind) {
        Simulate simulate = new Simulate(seed, its -> new PoolStore(kind == null ? PoolKind.of(its) : kind));
        long start = System.nanoTime();
        try {
            Figures figures = once
                    ? simulate.replay()
                    : simulate.run(Duration.ofSeconds(seconds == null ? 60 : seconds), threads);
            long simulations = once ? 1 : simulate.count();
            double minutes = (System.nanoTime() - start) / (double) TimeUnit.MINUTES.toNanos(1);
            System.out.printf(
                    "seed %d: %,d simulations, %,d cuts, %,.0f a minute, of %,d recoveries; %,d requests, "
                            + "%,d changes of the catalog, %,d refused, %,d restarts, %,d accidents, %,d errors of them; nothing lost%n",
                    seed.value(),
                    simulations,
                    figures.cuts(),
                    figures.cuts() / minutes,
                    figures.recoveries(),
                    figures.requests(),
                    figures.changes(),
                    figures.refused(),
                    figures.restarts(),
                    figures.accidents(),
                    figures.errors());
            return 0;
        } catch (AssertionError e) {
            e.printStackTrace();
            return 1;
        }
    }
}

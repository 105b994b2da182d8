package io.vnvme.testkit.seed;

import java.time.Duration;
import java.util.SplittableRandom;

/**
 * Rounds of a fuzzer, each with its own seed, for a bounded time: {@code -Dvnvme.fuzz.seconds=N} (default 3).
 *
 * <p>With {@code -Dvnvme.seed=N} and no time, exactly the one round of that seed runs.
 */
public final class FuzzLoop {
    private static final String SECONDS = "vnvme.fuzz.seconds";
    private static final long DEFAULT_SECONDS = 3;

    /** One round: everything random in it comes from {@code random}. */
    @FunctionalInterface
    public interface Round {
        void run(SplittableRandom random) throws Exception;
    }

    private FuzzLoop() {}

    /** Returns how long the fuzzers of this run shall go on. */
    public static Duration limit() {
        return Duration.ofSeconds(Long.getLong(SECONDS, DEFAULT_SECONDS));
    }

    /**
     * Runs rounds until the time is over, at least one.
     *
     * @return the number of rounds
     * @throws AssertionError of the first round that fails, with the seed that replays it
     */
    public static long run(String name, Round round) {
        Seed first = Seed.ofRun(name);
        boolean replay = Seed.fixed() && System.getProperty(SECONDS) == null;
        long end = System.nanoTime() + limit().toNanos();
        long index = 0;
        do {
            Seed seed = first.round(index++);
            try {
                round.run(seed.random());
            } catch (Exception | Error e) {
                throw new AssertionError(name + ", round " + index + ": replay with " + seed, e);
            }
        } while (!replay && System.nanoTime() - end < 0);
        System.out.println(name + ": " + index + " rounds");
        return index;
    }
}

package io.vnvme.testkit.powercut;

import io.vnvme.testkit.powercut.Simulation.Figures;
import io.vnvme.testkit.seed.Seed;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Simulations with seeds that follow from one, a thread for each processor, until the time is over or one fails. */
public final class Simulate {
    private final Function<Seed, StoreKind> kinds;
    private final Seed first;
    private final AtomicLong next = new AtomicLong();
    private final AtomicReference<@Nullable AssertionError> failure = new AtomicReference<>();
    private final Object lock = new Object();
    private Figures figures = Figures.NONE;
    private Consumer<List<PowerCutDrive>> prepare = _ -> {};

    /** @param kinds gives one store for each simulation, of which the seed tells all */
    public Simulate(Seed first, Function<Seed, StoreKind> kinds) {
        this.first = first;
        this.kinds = kinds;
    }

    /** Has every simulation's drives prepared by {@code preparation}, after the store was formatted. */
    public Simulate prepare(Consumer<List<PowerCutDrive>> preparation) {
        prepare = preparation;
        return this;
    }

    /** Simulations that were begun. */
    public long count() {
        return next.get();
    }

    /** One simulation, of the first seed. */
    public Figures replay() {
        try (Simulation simulation = new Simulation(first, kinds.apply(first), prepare)) {
            return simulation.run();
        }
    }

    /**
     * Runs simulations for that long, at least one in each thread.
     *
     * @throws AssertionError of the first that fails
     */
    public Figures run(Duration limit, int threads) {
        long end = System.nanoTime() + limit.toNanos();
        CountDownLatch done = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            Thread.ofPlatform().name("simulation-" + i).daemon().start(() -> {
                try {
                    work(end);
                } finally {
                    done.countDown();
                }
            });
        }
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        AssertionError error = failure.get();
        if (error != null) {
            throw error;
        }
        synchronized (lock) {
            return figures;
        }
    }

    private void work(long end) {
        do {
            Seed seed = first.round(next.getAndIncrement());
            try (Simulation simulation = new Simulation(seed, kinds.apply(seed), prepare)) {
                Figures more = simulation.run();
                synchronized (lock) {
                    figures = figures.plus(more);
                }
            } catch (AssertionError e) {
                failure.compareAndSet(null, e);
            } catch (RuntimeException e) {
                failure.compareAndSet(null, new AssertionError("seed " + seed.value() + ": " + e, e));
            }
        } while (failure.get() == null && System.nanoTime() - end < 0);
    }
}

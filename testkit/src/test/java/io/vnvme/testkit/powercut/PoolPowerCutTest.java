package io.vnvme.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.powercut.Simulation.Figures;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.seed.Seed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pools lose nothing, wherever the power is cut. */
final class PoolPowerCutTest {
    private static final int THREADS = Math.min(2, Runtime.getRuntime().availableProcessors());

    /** Each was a loss once. */
    @ParameterizedTest
    @ValueSource(
            longs = {
                8196980753821780235L,
                8195237237126968761L,
                -534904783426661026L,
                -8002678430685221716L,
                6251740805556546816L,
                -6181853416230652446L
            })
    void whatWasLostOnceIsKept(long seed) {
        assertThat(new Simulate(new Seed(seed), PoolStore::new).replay().cuts()).isPositive();
    }

    @Test
    void nothingIsLost() {
        Simulate simulate = new Simulate(Seed.ofRun("power cuts, pools"), PoolStore::new);
        Figures figures = simulate.run(FuzzLoop.limit().multipliedBy(5), THREADS);
        System.out.println("power cuts, pools: " + simulate.count() + " simulations, " + figures);
        assertThat(figures.cuts()).isPositive();
        assertThat(figures.requests()).isPositive();
    }
}

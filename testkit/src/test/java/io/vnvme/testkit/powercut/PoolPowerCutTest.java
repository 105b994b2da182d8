package io.vnvme.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.powercut.Simulation.Figures;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.seed.Seed;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
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
        assertThat(new Simulate(new Seed(seed), _ -> new PoolStore(PoolKind.PLAIN))
                        .replay()
                        .cuts())
                .isPositive();
    }

    /**
     * A superblock written over the last good one of a drive that had failed; space of a set that is being emptied; replicas
     * that were equal but for a cache; the end of the journal, and the newest superblock, on one replica alone; a cluster emptied
     * just before a snapshot; drives that left while something was written to them; a cluster that a volume gave up when it was
     * made smaller; a replica that was missing after one cut and there after the next; a block that cannot be read and is
     * written as a whole; a lost write that looked like zeroes that had failed; a block that nobody had written, on replicas; a
     * block that was given up, written again, and was back after the cut with the checksum of what had been there; a sector
     * that cannot be read, and need not be for a rebuild; a superblock, and a mirror's header, that only a drive had which was
     * absent then and came back; a layer that went in the same commit as what had stood on it; a cluster that was given back while
     * the first write to it was under way; a header of a mirror that a drive had been in before; a write that
     * waited while its cluster moved, and was noted where it had been; a journal that was to move when a checkpoint that did not
     * move it was nearly made.
     */
    @ParameterizedTest
    @CsvSource({
        "MIRRORED, 6875531375624158094",
        "RESHAPED, 8730377035208915174",
        "MIRRORED, -1623675712976904778",
        "MIXED, 2491564116165970086",
        "GUARDED, 8639923532844102428",
        "MIRRORED, 6346638960374208910",
        "GUARDED, 8322565942750979850",
        "MIXED, -7774681171132779203",
        "FAULTY, -6596988543885538778",
        "FAULTY, 1086518322767373330",
        "FAULTY, -773237651514506708",
        "FAULTY, 377557693365184377",
        "MIXED, 2219633252084954717",
        "MIRRORED, -6319680058563073899",
        "MIXED, -1402974996055130688",
        "MIXED, 2814825597224557793",
        "MIRRORED, 35685267319897084",
        "MIRRORED, 6803166967920165480",
        "MIXED, 5634675449324769866",
        "MIXED, 3237688273616135784",
        "MIXED, 2584710728015886090",
        "MIRRORED, -4331441612097865312",
        "FAULTY, -1678493421051076418",
        "MIXED, 349122560670534272"
    })
    void whatWasLostOnceIsKeptByOtherPools(PoolKind kind, long seed) {
        assertThat(new Simulate(new Seed(seed), _ -> new PoolStore(kind))
                        .replay()
                        .cuts())
                .isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLost(PoolKind kind) {
        Simulate simulate = new Simulate(Seed.ofRun("power cuts, pools, " + kind.text()), _ -> new PoolStore(kind));
        Figures figures = simulate.run(FuzzLoop.limit(), THREADS);
        System.out.println("power cuts, pools, " + kind.text() + ": " + simulate.count() + " simulations, " + figures);
        assertThat(figures.cuts()).isPositive();
        assertThat(figures.requests()).isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void aSeedBringsTheSameAgain(PoolKind kind) {
        Simulate simulate = new Simulate(new Seed(7), _ -> new PoolStore(kind));
        assertThat(simulate.replay()).isEqualTo(simulate.replay());
    }
}

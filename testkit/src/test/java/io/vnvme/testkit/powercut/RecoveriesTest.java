package io.vnvme.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vnvme.testkit.powercut.Simulation.Figures;
import io.vnvme.testkit.seed.Seed;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is not loaded again would be the same. */
final class RecoveriesTest {
    private static final int SIMULATIONS = 3;

    private static Simulate simulate(
            PoolKind kind, long seed, boolean recognizing, Consumer<List<PowerCutDrive>> prepare) {
        return new Simulate(new Seed(11).round(seed), _ -> new PoolStore(kind, recognizing)).prepare(prepare);
    }

    @ParameterizedTest
    @EnumSource
    void allIsAsWhenEachCutLoads(PoolKind kind) {
        for (int i = 0; i < SIMULATIONS; i++) {
            Figures each = simulate(kind, i, false, _ -> {}).replay();
            Figures some = simulate(kind, i, true, _ -> {}).replay();
            assertThat(each.recoveries()).isEqualTo(each.cuts());
            assertThat(some.recoveries()).isPositive().isLessThan(each.recoveries());
            assertThat(some.withRecoveries(each.recoveries())).isEqualTo(each);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsWrongIsFoundAtTheSameCut(PoolKind kind) {
        Consumer<List<PowerCutDrive>> lie = drives -> drives.forEach(drive -> drive.honesty(_ -> false));
        for (int i = 0; i < SIMULATIONS; i++) {
            assertThat(failure(simulate(kind, i, true, lie))).isEqualTo(failure(simulate(kind, i, false, lie)));
        }
    }

    /** The seed, the number of the cut and what was wrong; nothing when nothing was found. */
    private static String failure(Simulate simulate) {
        AssertionError error = catchThrowableOfType(AssertionError.class, simulate::replay);
        return error == null ? "" : String.valueOf(error.getMessage());
    }
}

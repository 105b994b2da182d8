package io.vnvme.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.testkit.powercut.PlainStore.Wrong;
import io.vnvme.testkit.seed.Seed;
import io.vnvme.testkit.sim.FlushHonesty;
import io.vnvme.testkit.sim.PowerCutDrive;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class HarnessTest {
    private static final int ROUNDS = 30;

    private static Simulation.Figures simulate(Seed seed, Wrong wrong, Consumer<List<PowerCutDrive>> prepare) {
        try (Simulation simulation = new Simulation(seed, new PlainStore(wrong), prepare)) {
            return simulation.run();
        }
    }

    private static Simulation.Figures simulateMany(Seed seed, Wrong wrong, Consumer<List<PowerCutDrive>> prepare) {
        Simulation.Figures figures = Simulation.Figures.NONE;
        for (int i = 0; i < ROUNDS; i++) {
            figures = figures.plus(simulate(seed.round(i), wrong, prepare));
        }
        return figures;
    }

    @Test
    void whatIsRightPasses() {
        Simulation.Figures figures = simulateMany(Seed.ofRun("power cuts, plain"), Wrong.NOTHING, _ -> {});
        assertThat(figures.cuts()).isGreaterThan(1000);
        assertThat(figures.requests()).isGreaterThan(1000);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NOTHING")
    void whatIsWrongIsCaught(Wrong wrong) {
        assertThatThrownBy(() -> simulateMany(new Seed(1), wrong, _ -> {})).isInstanceOf(AssertionError.class);
    }

    @Test
    void aDriveThatLiesAboutFlushesIsCaught() {
        FlushHonesty never = _ -> false;
        assertThatThrownBy(() -> simulateMany(
                        new Seed(1), Wrong.NOTHING, drives -> drives.forEach(drive -> drive.honesty(never))))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("seed");
    }

    @Test
    void aSeedBringsTheSameFiguresAgain() {
        Simulation.Figures first = simulate(new Seed(7), Wrong.NOTHING, _ -> {});
        assertThat(simulate(new Seed(7), Wrong.NOTHING, _ -> {})).isEqualTo(first);
    }
}

package io.vnvme.bench.campaign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Traffic;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FioRunTest {
    private static final Traffic MIXED = new Traffic(70, false, 4096, 8, 1);

    private static String side(String iops, String p50) {
        return "98304;49152;" + iops + ";2000;1;2;3.0;4.0;5;6;7.0;8.0;" + "1.000000%=1;".repeat(6) + "50.000000%=" + p50
                + ";" + "60.000000%=1;".repeat(5) + "99.000000%=3457;" + "0%=0;".repeat(7)
                + "10;20;30.0;40.0;0;0;0.000000%;0.000000;0.000000;";
    }

    @Test
    void addsBothSidesAndTakesTheLatencyOfTheReads() throws IOException {
        String report = "note\n3;fio-3.39;bench;0;0;" + side("700", "15") + side("300", "99") + "1.0%\n";
        assertThat(FioRun.sample(report, MIXED, 0.5)).isEqualTo(new Sample(1000, 15, 3457, 0.5));
        assertThat(FioRun.sample(report, new Traffic(0, false, 4096, 8, 1), 0).p50Us())
                .isEqualTo(99);
    }

    @Test
    void refusesWhatIsNoReport() {
        assertThatThrownBy(() -> FioRun.sample("fio: not found", MIXED, 0)).hasMessageContaining("fio: not found");
    }

    @Test
    void asksForWhatIsMeasured() {
        Duration second = Duration.ofSeconds(1);
        assertThat(FioRun.job(MIXED, second, second))
                .contains("--rw=randrw", "--rwmixread=70", "--iodepth=8", "--bs=4096", "--runtime=1000ms");
        assertThat(FioRun.job(new Traffic(0, true, 4096, 8, 1), second, second))
                .contains("--rw=write")
                .doesNotContain("--rwmixread=0");
        assertThat(FioRun.job(new Traffic(100, false, 4096, 8, 1), second, second))
                .contains("--rw=randread");
    }
}

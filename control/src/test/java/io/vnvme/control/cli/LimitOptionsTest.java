package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ChangeLimits;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Limits on the command line. */
final class LimitOptionsTest {
    @Command(name = "test")
    private static final class Holder {
        @Mixin
        private final QosOptions qos = new QosOptions();
    }

    private static Holder parse(String... arguments) {
        Holder holder = new Holder();
        new CommandLine(holder).parseArgs(arguments);
        return holder;
    }

    @Test
    void allOfThem() {
        Qos asked = Qos.NONE.with(Objects.requireNonNull(parse(
                        "--limit-read-iops=1",
                        "--limit-write-iops=2",
                        "--limit-iops=777",
                        "--limit-read-bw=1",
                        "--limit-write-bw=4K",
                        "--limit-bw=100M",
                        "--burst=10",
                        "--weight=3",
                        "--group=blue")
                .qos
                .change(false)));
        assertThat(asked).isEqualTo(new Qos(new QosLimits(1, 2, 777, 1, 4096, 100 << 20, 10), 3, "blue"));
        assertThat(QosCommand.text(asked))
                .isEqualTo("777 IOPS, reads 1 IOPS, writes 2 IOPS, 100 MiB/s, reads 1 B/s, writes 4 KiB/s, "
                        + "bursts of 10 s, weight 3, group blue");
    }

    @Test
    void nothingAskedChangesNothing() {
        assertThat(parse().qos.change(false)).isNull();
        assertThat(QosCommand.text(Qos.NONE)).isEqualTo("no limits, weight 100");
    }

    @Test
    void noneTakesAway() {
        var change = Objects.requireNonNull(parse("--limit-iops=none", "--limit-bw=none", "--group=none")
                .qos
                .change(false));
        assertThat(change.limits()).isEqualTo(new ChangeLimits(null, null, 0L, null, null, 0L, null, false));
        assertThat(change.group()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--limit-iops=0",
                "--limit-iops=-5",
                "--limit-iops=many",
                "--limit-bw=0",
                "--limit-bw=10MB",
                "--burst=x"
            })
    void wrongOnesAreUsageErrors(String argument) {
        assertThat(Vnvme.execute(Map.of(), "qos", "d", argument)).isEqualTo(CommandLine.ExitCode.USAGE);
    }
}

package io.vnvme.control.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Lab;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Prometheus' own tool on what the daemon shows. */
@Tag("guest")
class MetricsIT {
    @Test
    void promtoolFindsNothing() throws IOException, InterruptedException {
        assertThat(check(MetricsTest.metrics(3).text())).isEmpty();
        assertThat(check("# TYPE vnvme_total_things gauge\nvnvme_total_things 1\n"))
                .as("it would complain")
                .isNotEmpty();
    }

    private static String check(String metrics) throws IOException, InterruptedException {
        Process promtool = new ProcessBuilder(Lab.prepare().program("promtool").toString(), "check", "metrics")
                .redirectErrorStream(true)
                .start();
        promtool.getOutputStream().write(metrics.getBytes(StandardCharsets.UTF_8));
        promtool.getOutputStream().close();
        String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = promtool.waitFor();
        return status == 0 ? "" : "status %d: %s".formatted(status, said);
    }
}

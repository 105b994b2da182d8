package io.vnvme.control.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.model.RemotePathInfo;
import io.vnvme.control.plane.DriveErrors;
import io.vnvme.control.plane.ExportCounters;
import io.vnvme.control.plane.ReactorCounters;
import io.vnvme.control.plane.RemoteAddress;
import io.vnvme.control.plane.RemoteFacts;
import io.vnvme.control.plane.TcpCounters;
import io.vnvme.control.plane.VolumeMove;
import io.vnvme.control.service.Observed;
import io.vnvme.qos.WaitCause;
import io.vnvme.telemetry.LatencyBuckets;
import io.vnvme.telemetry.LatencyCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static LatencyCounts commands(long count, long latencyNs) {
        long[] counts = new long[LatencyBuckets.COUNT];
        counts[LatencyBuckets.of(latencyNs)] = count;
        return new LatencyCounts(counts, count * latencyNs);
    }

    private static Observed.Vnvme vnvme(String name) {
        ExportCounters counters = new ExportCounters(
                commands(7, 3_000),
                commands(5, 30_000_000),
                LatencyCounts.NONE,
                7 * 4096,
                5 * 512,
                3,
                2,
                1,
                List.of(new ExportCounters.Wait(WaitCause.GROUP_LIMIT, 4, 1_500_000_000)));
        return new Observed.Vnvme(name, 1 << 20, 1, counters);
    }

    private static PoolInfo pool(String name) {
        return new PoolInfo(name, "u", "concat", "full", 100, 60, 40, 300, 10, List.of(), 2, 3, 4, null, List.of());
    }

    private static final RemoteFacts REMOTE = new RemoteFacts(
            RemoteAddress.parse("nvme-tcp://h/nqn.2026-01.io.vnvme:far"),
            "nqn.2026-01.io.vnvme:near",
            List.of(new RemotePathInfo("h:4420", "lost", null, null, 3, "gone")),
            5,
            4,
            2);

    /** Something of everything. */
    static Observed everything(int vnvmes) {
        JobInfo job =
                new JobInfo(1, "rebuild", "p", "running", 0.25, null, 1, 4, 1, "daemon", "", null, null, null, true);
        return new Observed(
                "1.2",
                IntStream.range(0, vnvmes).mapToObj(i -> vnvme("d" + i)).toList(),
                List.of(pool("p")),
                List.of(new Observed.Drive("n1", 100, false, new DriveErrors(8, 9), Optional.of(REMOTE))),
                List.of(job),
                Map.of(new Jobs.Ended("scrub", "done"), 2L),
                Map.of(EventKind.POOL_FULL, 3L),
                List.of(new ReactorInfo("reactor-0", 1, "adaptive", List.of("p"), 2_000_000_000, 1, 1)),
                Map.of("reactor-0", new ReactorCounters(1, 2, 3, 4, 5, 6)),
                new TcpCounters(4, 5, 6),
                Map.of("d0", new VolumeMove.State(2, 100, 7, 8, true, 9)));
    }

    static Metrics metrics(int vnvmes) {
        Metrics metrics = new Metrics(() -> everything(vnvmes));
        metrics.api().answered("GET", "/metrics", 200);
        metrics.api().took(1_500_000);
        return metrics;
    }

    @Test
    void whatIsObservedIsShown() {
        assertThat(metrics(1).text())
                .contains("vnvme_build{version=\"1.2\"} 1.0\n")
                .contains("vnvme_tcp_controllers 4.0\n")
                .contains("vnvme_tcp_refusals_total 5.0\n")
                .contains("vnvme_tcp_faults_total 6.0\n")
                .contains("vnvme_latency_seconds_bucket{operation=\"read\",vnvme=\"d0\",le=\"2.0E-6\"} 0\n")
                .contains("vnvme_latency_seconds_bucket{operation=\"read\",vnvme=\"d0\",le=\"5.0E-6\"} 7\n")
                .contains("vnvme_latency_seconds_bucket{operation=\"write\",vnvme=\"d0\",le=\"0.02\"} 0\n")
                .contains("vnvme_latency_seconds_bucket{operation=\"write\",vnvme=\"d0\",le=\"0.05\"} 5\n")
                .contains("vnvme_latency_seconds_count{operation=\"write\",vnvme=\"d0\"} 5\n")
                .contains("vnvme_latency_seconds_sum{operation=\"write\",vnvme=\"d0\"} 0.15\n")
                .contains("vnvme_bytes_total{operation=\"read\",vnvme=\"d0\"} 28672.0\n")
                .contains("vnvme_errors_total{vnvme=\"d0\"} 2.0\n")
                .contains("vnvme_wait_seconds_total{cause=\"group-limit\",vnvme=\"d0\"} 1.5\n")
                .contains("vnvme_waits_total{cause=\"group-limit\",vnvme=\"d0\"} 4.0\n")
                .contains("vnvme_reactor_seconds_total{reactor=\"reactor-0\",state=\"busy\"} 2.0\n")
                .contains("vnvme_pool_state{pool=\"p\",state=\"full\"} 1.0\n")
                .contains("vnvme_pool_state{pool=\"p\",state=\"online\"} 0.0\n")
                .contains("vnvme_drive_up{drive=\"n1\"} 0.0\n")
                .contains("vnvme_drive_errors_total{drive=\"n1\",operation=\"write\"} 9.0\n")
                .contains("vnvme_drive_path_up{drive=\"n1\",path=\"h:4420\"} 0.0\n")
                .contains("vnvme_drive_path_losses_total{drive=\"n1\",path=\"h:4420\"} 3.0\n")
                .contains("vnvme_drive_resent_total{drive=\"n1\"} 5.0\n")
                .contains("vnvme_drive_timeouts_total{drive=\"n1\"} 4.0\n")
                .contains("vnvme_drive_held_commands{drive=\"n1\"} 2.0\n")
                .contains("vnvme_job_progress_ratio{kind=\"rebuild\",subject=\"p\"} 0.25\n")
                .contains("vnvme_jobs_ended_total{kind=\"scrub\",state=\"done\"} 2.0\n")
                .contains("vnvme_events_total{kind=\"pool-full\",severity=\"error\"} 3.0\n")
                .contains("vnvme_api_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"} 1.0\n")
                .contains("jvm_gc_collection_seconds_count")
                .contains("jvm_threads_current");
    }

    @Test
    void manyVnvmesAreNotManyLines() {
        String text = metrics(10 * EngineMetrics.VNVMES_MAX).text();
        assertThat(text.lines().filter(l -> l.startsWith("vnvme_errors_total{")))
                .hasSize(EngineMetrics.VNVMES_MAX + 1);
        long rest = 9L * EngineMetrics.VNVMES_MAX;
        assertThat(text)
                .contains("vnvme_vnvmes %s\n".formatted(10.0 * EngineMetrics.VNVMES_MAX))
                .contains("vnvme_errors_total{vnvme=\"other\"} %s\n".formatted(2.0 * rest))
                .contains("vnvme_in_flight_commands{vnvme=\"other\"} %s\n".formatted(3.0 * rest));
    }

    private static String row(String name, String type, List<String> labels, String help) {
        return "| `%s` | %s | %s | %s |"
                .formatted(
                        name,
                        type,
                        labels.stream().map("`%s`"::formatted).collect(Collectors.joining(", ")),
                        help.replaceAll("\\.$", ""));
    }

    /** The tables of docs/metrics.md: where they differ from the program, what this expects is what belongs there. */
    @Test
    void allAreDocumentedAndNoOthers() throws IOException {
        List<String> documented = Files.readAllLines(Path.of("../docs/metrics.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .toList();
        List<String> known = new ArrayList<>(Arrays.stream(Metric.values())
                .map(m -> row(
                        m.family() + (m.type() == Metric.Type.COUNTER ? "_total" : ""),
                        m.type().name().toLowerCase(Locale.ROOT),
                        m.labels(),
                        m.help()))
                .toList());
        String text = metrics(1).text();
        for (MetricSnapshot snapshot : metrics(1).snapshots()) {
            String name = snapshot.getMetadata().getPrometheusName();
            if (!name.startsWith("vnvme_")) {
                known.add(foreign(text, name, snapshot.getMetadata().getHelp()));
            }
        }
        assertThat(documented).isEqualTo(known);
    }

    private static String foreign(String text, String name, String help) {
        Matcher type = Pattern.compile("# TYPE (%s(?:_total)?) (\\w+)\\n(?:\\w+\\{([^}]*)})?".formatted(name))
                .matcher(text);
        assertThat(type.find()).as(name).isTrue();
        String labels = type.group(3);
        return row(
                type.group(1),
                type.group(2),
                labels == null
                        ? List.of()
                        : Arrays.stream(labels.split(","))
                                .map(l -> l.substring(0, l.indexOf('=')))
                                .toList(),
                help);
    }

    @Test
    void theDashboardAsksForWhatThereIs() throws IOException {
        String dashboard = Files.readString(Path.of("../docs/grafana/vnvme.json"));
        Set<String> asked = new TreeSet<>();
        Matcher names = Pattern.compile("\\b(vnvme|jvm|process)_[a-z_]+").matcher(dashboard);
        while (names.find()) {
            asked.add(names.group());
        }
        Set<String> shown = metrics(1)
                .text()
                .lines()
                .filter(l -> !l.startsWith("#"))
                .map(l -> l.replaceAll("[{ ].*", ""))
                .collect(Collectors.toSet());
        assertThat(asked).hasSizeGreaterThan(20);
        assertThat(shown).containsAll(asked);
    }
}

package io.vnvme.bench.command;

import io.avaje.jsonb.Json;
import io.vnvme.bench.SocketTraffic.Outcome;
import io.vnvme.bench.load.Traffic;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * What {@code vnvme bench} found.
 *
 * @param vnvme which drive
 * @param workload in words, such as {@code random read}
 * @param blockBytes size of each transfer
 * @param depth transfers in flight in each queue
 * @param queues I/O queue pairs
 * @param seconds that were counted
 * @param iops transfers a second
 * @param bytesPerSecond what they moved
 * @param latency from the submission until the client saw the completion
 * @param cpuUsPerIo processor time of the daemon for each transfer, in microseconds
 * @param cpuPercent of one processor that the daemon used
 * @param checked reads of what this run had written, with {@code --verify}
 * @param wrong of those, reads that found something else
 */
@Json
public record BenchResult(
        String vnvme,
        String workload,
        int blockBytes,
        int depth,
        int queues,
        double seconds,
        double iops,
        double bytesPerSecond,
        Latency latency,
        double cpuUsPerIo,
        double cpuPercent,
        long checked,
        long wrong) {
    private static final double NS_A_US = 1e3;

    /** In microseconds. */
    @Json
    public record Latency(
            double meanUs, double p50Us, double p90Us, double p99Us, double p999Us, double p9999Us, double maxUs) {
        static Latency of(Histogram ns) {
            return new Latency(
                    ns.getMean() / NS_A_US,
                    ns.getValueAtPercentile(50) / NS_A_US,
                    ns.getValueAtPercentile(90) / NS_A_US,
                    ns.getValueAtPercentile(99) / NS_A_US,
                    ns.getValueAtPercentile(99.9) / NS_A_US,
                    ns.getValueAtPercentile(99.99) / NS_A_US,
                    ns.getMaxValue() / NS_A_US);
        }
    }

    static BenchResult of(String vnvme, Traffic traffic, double seconds, Outcome outcome) {
        return new BenchResult(
                vnvme,
                traffic.words(),
                traffic.blockBytes(),
                traffic.depth(),
                traffic.queues(),
                seconds,
                outcome.iops(),
                outcome.bytesPerSecond(),
                Latency.of(outcome.latencies()),
                outcome.cpuUsPerIo(),
                100 * outcome.cpuShare(),
                outcome.checked(),
                outcome.wrong());
    }

    /** For people. */
    String text(boolean verified) {
        StringBuilder text = new StringBuilder();
        line(
                text,
                "%s: %s of %d bytes, %d queue%s, %d deep, %.1f s",
                vnvme,
                workload,
                blockBytes,
                queues,
                queues == 1 ? "" : "s",
                depth,
                seconds);
        line(text, "IOPS        %,.0f", iops);
        line(text, "MB/s        %,.1f", bytesPerSecond / 1e6);
        line(
                text,
                "latency us  mean %.2f  p50 %.2f  p90 %.2f  p99 %.2f  p99.9 %.2f  p99.99 %.2f  max %.2f",
                latency.meanUs(),
                latency.p50Us(),
                latency.p90Us(),
                latency.p99Us(),
                latency.p999Us(),
                latency.p9999Us(),
                latency.maxUs());
        line(text, "target CPU  %.3f us per I/O, %.0f %% of a processor", cpuUsPerIo, cpuPercent);
        if (verified) {
            line(text, "verified    %,d reads, %s", checked, wrong == 0 ? "all right" : wrong + " WRONG");
        }
        return text.toString().stripTrailing();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}

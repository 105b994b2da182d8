package io.vnvme.bench.campaign;

import io.avaje.jsonb.Json;
import io.vnvme.bench.Sample;
import io.vnvme.bench.report.Median;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * The repeats of one measurement.
 *
 * @param drive {@code ram}, {@code null} or {@code file}
 * @param way who was measured: {@code vnvme}, {@code memcpy}, {@code qemu-storage-daemon}, {@code nbdkit} or {@code fio}
 * @param workload {@code read}, {@code write} or {@code 70/30}, all at random
 * @param blockBytes size of each transfer
 * @param iops median of the repeats, like all that follows but the extremes
 * @param cpuUsPerIo processor time of the serving process for each transfer; 0 where it has none
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record CampaignFigure(
        String drive,
        String way,
        String workload,
        int blockBytes,
        int depth,
        int queues,
        int repeats,
        double iops,
        double iopsLow,
        double iopsHigh,
        double mbPerS,
        double p50Us,
        double p99Us,
        double cpuUsPerIo) {
    private static final double BYTES_A_MB = 1e6;

    static CampaignFigure of(Point point, String way, List<Sample> samples) {
        double[] iops = values(samples, Sample::iops);
        int blockBytes = point.traffic().blockBytes();
        return new CampaignFigure(
                point.drive().name().toLowerCase(Locale.ROOT),
                way,
                point.workload(),
                blockBytes,
                point.traffic().depth(),
                point.traffic().queues(),
                samples.size(),
                Median.of(iops),
                Arrays.stream(iops).min().orElseThrow(),
                Arrays.stream(iops).max().orElseThrow(),
                Median.of(iops) * blockBytes / BYTES_A_MB,
                Median.of(values(samples, Sample::p50Us)),
                Median.of(values(samples, Sample::p99Us)),
                Median.of(values(samples, Sample::cpuUsPerIo)));
    }

    static double[] values(List<Sample> samples, ToDoubleFunction<Sample> of) {
        return samples.stream().mapToDouble(of).toArray();
    }
}

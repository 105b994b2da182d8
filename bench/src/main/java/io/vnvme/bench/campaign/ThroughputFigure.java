package io.vnvme.bench.campaign;

import io.avaje.jsonb.Json;
import io.vnvme.bench.Sample;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The repeats of one measurement.
 *
 * @param way {@code vnvme}, {@code bare} or {@code copies}
 * @param workload as fio calls it
 * @param iops median of the repeats, like all that follows but the extremes
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record ThroughputFigure(
        String way,
        String workload,
        int queueDepth,
        int repeats,
        double iops,
        double iopsLow,
        double iopsHigh,
        double p50Us,
        double p99Us,
        double cpuUsPerIo) {
    static ThroughputFigure of(String way, String workload, int queueDepth, List<Sample> samples) {
        double[] iops = sorted(samples, Sample::iops);
        return new ThroughputFigure(
                way,
                workload,
                queueDepth,
                samples.size(),
                median(iops),
                iops[0],
                iops[iops.length - 1],
                median(sorted(samples, Sample::p50Us)),
                median(sorted(samples, Sample::p99Us)),
                median(sorted(samples, Sample::cpuUsPerIo)));
    }

    private static double[] sorted(List<Sample> samples, ToDoubleFunction<Sample> of) {
        double[] values = samples.stream().mapToDouble(of).toArray();
        Arrays.sort(values);
        return values;
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

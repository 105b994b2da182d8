package io.vnvme.bench.demo;

import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Workload;
import io.vnvme.bench.report.Figure;
import io.vnvme.bench.report.Median;
import io.vnvme.bench.report.Ratio;
import io.vnvme.bench.report.Way;
import io.vnvme.bench.report.Where;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Samples of several ways taken in rounds, and what they come to. */
final class Series {
    private final Where where;
    private final Map<Key, List<Sample>> samples = new LinkedHashMap<>();

    private record Key(Way way, Workload workload) {}

    Series(Where where) {
        this.where = where;
    }

    void add(Way way, Workload workload, Sample sample) {
        samples.computeIfAbsent(new Key(way, workload), _ -> new ArrayList<>()).add(sample);
    }

    /** One figure for each way and workload: the medians. */
    List<Figure> figures() {
        List<Figure> figures = new ArrayList<>();
        samples.forEach((key, taken) -> {
            double[] rates = values(taken, Sample::iops);
            figures.add(new Figure(
                    where,
                    key.way(),
                    key.workload(),
                    taken.size(),
                    Median.of(rates),
                    java.util.Arrays.stream(rates).min().orElseThrow(),
                    java.util.Arrays.stream(rates).max().orElseThrow(),
                    Median.of(values(taken, Sample::p50Us)),
                    Median.of(values(taken, Sample::p99Us)),
                    Median.of(values(taken, Sample::cpuUsPerIo))));
        });
        return figures;
    }

    /** How many times faster the first way is, round by round. */
    Ratio ratio(Way first, Way second, Workload workload) {
        return Ratio.of(rates(first, workload), rates(second, workload));
    }

    private double[] rates(Way way, Workload workload) {
        return values(samples.getOrDefault(new Key(way, workload), List.of()), Sample::iops);
    }

    private static double[] values(List<Sample> taken, ToDoubleFunction<Sample> part) {
        return taken.stream().mapToDouble(part).toArray();
    }
}

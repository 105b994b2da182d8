package io.vnvme.control.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** What one look found, family by family. Values that have the same labels are added up. */
final class Families {
    private final Map<Metric, Map<Labels, Double>> values = new EnumMap<>(Metric.class);
    private final Map<Metric, HistogramSnapshot.Builder> histograms = new EnumMap<>(Metric.class);

    /** The same for whole numbers, which stay exact up to 2^53. */
    void add(Metric metric, long value, String... labels) {
        add(metric, (double) value, labels);
    }

    /** @param labels as many as the metric has */
    void add(Metric metric, double value, String... labels) {
        values.computeIfAbsent(metric, _ -> new LinkedHashMap<>()).merge(labels(metric, labels), value, Double::sum);
    }

    /**
     * @param upperBounds of the buckets, in seconds, the last infinite
     * @param counts in each of them, those of the smaller ones not in it
     */
    void histogram(Metric metric, double[] upperBounds, long[] counts, double sumSeconds, String... labels) {
        histograms
                .computeIfAbsent(
                        metric,
                        m -> HistogramSnapshot.builder().name(m.family()).help(m.help()))
                .dataPoint(HistogramDataPointSnapshot.builder()
                        .labels(labels(metric, labels))
                        .classicHistogramBuckets(ClassicHistogramBuckets.of(upperBounds, counts))
                        .sum(sumSeconds)
                        .build());
    }

    private static Labels labels(Metric metric, String... values) {
        return Labels.of(metric.labels().toArray(String[]::new), values);
    }

    /** Into what is to be shown. */
    void addTo(MetricSnapshots.Builder snapshots) {
        values.forEach((metric, points) -> snapshots.metricSnapshot(snapshot(metric, points)));
        histograms.values().forEach(h -> snapshots.metricSnapshot(h.build()));
    }

    private static MetricSnapshot snapshot(Metric metric, Map<Labels, Double> points) {
        if (metric.type() == Metric.Type.COUNTER) {
            CounterSnapshot.Builder counter =
                    CounterSnapshot.builder().name(metric.family()).help(metric.help());
            points.forEach((labels, value) -> counter.dataPoint(CounterDataPointSnapshot.builder()
                    .labels(labels)
                    .value(value)
                    .build()));
            return counter.build();
        }
        GaugeSnapshot.Builder gauge =
                GaugeSnapshot.builder().name(metric.family()).help(metric.help());
        points.forEach((labels, value) -> gauge.dataPoint(
                GaugeDataPointSnapshot.builder().labels(labels).value(value).build()));
        return gauge.build();
    }
}

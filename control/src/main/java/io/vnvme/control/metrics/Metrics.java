package io.vnvme.control.metrics;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.vnvme.control.service.Observed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * All metrics in Prometheus' text format. What the engine counts is read when somebody asks, so that who does not ask pays
 * for nothing; requests of the API are counted as they are answered.
 */
public final class Metrics {
    /** What the text is. */
    public static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

    private final Supplier<Observed> look;
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ApiRequests api = new ApiRequests(registry);
    /** Which names are shown is remembered: one at a time. */
    private final ReentrantLock lock = new ReentrantLock();

    private final EngineMetrics engine = new EngineMetrics();

    /** @param look at all that is counted */
    public Metrics(Supplier<Observed> look) {
        this.look = look;
        JvmMemoryMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
        JvmThreadsMetrics.builder().register(registry);
        ProcessMetrics.builder().register(registry);
    }

    public ApiRequests api() {
        return api;
    }

    /** How it is now, as {@link #CONTENT_TYPE}. */
    public String text() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            PrometheusTextFormatWriter.create().write(text, snapshots(), EscapingScheme.UNDERSCORE_ESCAPING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    MetricSnapshots snapshots() {
        Families families = new Families();
        lock.lock();
        try {
            engine.collect(look.get(), families);
        } finally {
            lock.unlock();
        }
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        families.addTo(all);
        registry.scrape().forEach(all::metricSnapshot);
        return all.build();
    }
}

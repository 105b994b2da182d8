package io.vnvme.control.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** Counts what the API has answered. Safe for all threads. */
public final class ApiRequests {
    private static final double NS_A_SECOND = 1e9;

    private final Counter requests;
    private final Histogram seconds;

    ApiRequests(PrometheusRegistry registry) {
        requests = Counter.builder()
                .name(Metric.API_REQUESTS.family())
                .help(Metric.API_REQUESTS.help())
                .labelNames(Metric.API_REQUESTS.labels().toArray(String[]::new))
                .register(registry);
        seconds = Histogram.builder()
                .name(Metric.API_SECONDS.family())
                .help(Metric.API_SECONDS.help())
                .classicOnly()
                .classicUpperBounds(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 10)
                .register(registry);
    }

    /**
     * One more was answered.
     *
     * @param route as it is registered: one of not so many
     */
    public void answered(String method, String route, int status) {
        requests.labelValues(method, route, Integer.toString(status)).inc();
    }

    /** It took so long. */
    public void took(long ns) {
        seconds.observe(ns / NS_A_SECOND);
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Produces;
import io.vnvme.control.metrics.Metrics;
import io.vnvme.control.model.Role;

/** What is counted, for Prometheus. */
@Controller
@Path("/metrics")
final class MetricsController {
    private final Metrics metrics;

    MetricsController(Metrics metrics) {
        this.metrics = metrics;
    }

    /**
     * Shows all metrics in Prometheus' text format.
     *
     * @return the text
     */
    @Get
    @Produces(Metrics.CONTENT_TYPE)
    @Allowed(Role.VIEWER)
    String scrape() {
        return metrics.text();
    }
}

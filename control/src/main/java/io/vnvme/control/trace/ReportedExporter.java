package io.vnvme.control.trace;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;

/** Says once in the log that the collector takes no traces, and once that it does again. */
final class ReportedExporter implements SpanExporter {
    private static final Logger LOG = System.getLogger(ReportedExporter.class.getName());
    /** It says the same of each attempt, in a log of its own. */
    private static final java.util.logging.Logger TALKATIVE = java.util.logging.Logger.getLogger("io.opentelemetry");

    private final SpanExporter exporter;
    private final URI collector;
    private final AtomicBoolean failing = new AtomicBoolean();

    ReportedExporter(SpanExporter exporter, URI collector) {
        TALKATIVE.setLevel(java.util.logging.Level.OFF);
        this.exporter = exporter;
        this.collector = collector;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        CompletableResultCode result = exporter.export(spans);
        result.whenComplete(() -> report(result));
        return result;
    }

    private void report(CompletableResultCode result) {
        if (result.isSuccess()) {
            if (failing.getAndSet(false)) {
                LOG.log(Level.INFO, "{0} takes traces again", collector);
            }
        } else if (!failing.getAndSet(true)) {
            Throwable why = result.getFailureThrowable();
            LOG.log(
                    Level.WARNING,
                    "{0} takes no traces{1}: they are lost until it does",
                    collector,
                    why == null ? "" : " (%s)".formatted(why));
        }
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}

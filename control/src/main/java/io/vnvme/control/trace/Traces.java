package io.vnvme.control.trace;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes spans of requests and of jobs, and tells them to a collector by OTLP over HTTP; to nobody unless one is named. What
 * the collector does not take is lost, and holds nobody up.
 */
public final class Traces implements AutoCloseable {
    private static final String NAME = "vnvme";
    private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");
    private static final AttributeKey<String> VERSION = AttributeKey.stringKey("service.version");
    private static final AttributeKey<String> KIND = AttributeKey.stringKey("vnvme.job.kind");
    private static final AttributeKey<String> SUBJECT = AttributeKey.stringKey("vnvme.job.subject");
    private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
    private static final String PARENT = "traceparent";
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private static final TextMapGetter<Map<String, String>> HEADERS = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Map<String, String> headers) {
            return headers.keySet();
        }

        @Override
        public @Nullable String get(Map<String, String> headers, String name) {
            return headers.get(name);
        }
    };

    private final Tracer tracer;
    private final Runnable end;

    private Traces(Tracer tracer, Runnable end) {
        this.tracer = tracer;
        this.end = end;
    }

    public static Traces none() {
        return new Traces(OpenTelemetry.noop().getTracer(NAME), () -> {});
    }

    /** @param collector where OTLP over HTTP is taken, such as http://127.0.0.1:4318 */
    public static Traces to(URI collector, String version) {
        OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(collector.toString().replaceFirst("/$", "") + "/v1/traces")
                .setTimeout(TIMEOUT)
                .build();
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .setResource(Resource.create(Attributes.of(SERVICE, NAME, VERSION, version)))
                .addSpanProcessor(BatchSpanProcessor.builder(new ReportedExporter(exporter, collector))
                        .build())
                .build();
        return new Traces(
                provider.get(NAME), () -> provider.shutdown().join(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
    }

    /**
     * Begins the span of a request.
     *
     * @param parent its header {@code traceparent} (W3C Trace Context), empty when it has none
     */
    public Span request(String method, String parent) {
        Map<String, String> headers = parent.isEmpty() ? Map.of() : Map.of(PARENT, parent);
        return tracer.spanBuilder(method)
                .setSpanKind(SpanKind.SERVER)
                .setParent(W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS))
                .setAttribute(METHOD, method)
                .startSpan();
    }

    /** Begins the span of a job, below that of the request that asked for it. */
    public Span job(String kind, String subject) {
        return tracer.spanBuilder("job " + kind)
                .setAttribute(KIND, kind)
                .setAttribute(SUBJECT, subject)
                .startSpan();
    }

    /** Tells what has not been told yet, for some seconds at most. */
    @Override
    public void close() {
        end.run();
    }
}

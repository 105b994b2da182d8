package io.vnvme.control.api;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.vnvme.control.trace.Traces;

/** Makes a span of each request, named by the route that took it (semantic conventions for HTTP servers). */
final class Traced implements Filter {
    private static final HeaderName PARENT = HeaderNames.create("traceparent");
    private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
    private static final AttributeKey<Long> STATUS = AttributeKey.longKey("http.response.status_code");
    private static final int SERVER_ERROR = 500;

    private final Traces traces;

    Traced(Traces traces) {
        this.traces = traces;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        String method = request.prologue().method().text();
        Span span = traces.request(method, request.headers().first(PARENT).orElse(""));
        response.whenSent(() -> {
            int status = response.status().code();
            request.matchingPattern().filter(route -> route.startsWith("/")).ifPresent(route -> {
                span.updateName(method + " " + route);
                span.setAttribute(ROUTE, route);
            });
            span.setAttribute(STATUS, (long) status);
            if (status >= SERVER_ERROR) {
                span.setStatus(StatusCode.ERROR);
            }
            span.end();
        });
        try (Scope _ = span.makeCurrent()) {
            chain.proceed();
        }
    }
}

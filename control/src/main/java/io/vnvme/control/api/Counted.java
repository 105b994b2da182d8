package io.vnvme.control.api;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.vnvme.control.metrics.ApiRequests;
import java.util.Set;

/** Counts requests by the route that took them: there are only so many, whatever clients ask for. */
final class Counted implements Filter {
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS");
    /** Where no route took it. */
    private static final String NONE = "none";
    /** They last as long as clients want: no answer is slow for that. */
    private static final Set<String> LASTING = Set.of("intervalMs", "waitMs");

    private final ApiRequests requests;

    Counted(ApiRequests requests) {
        this.requests = requests;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        long startNs = System.nanoTime();
        response.whenSent(() -> {
            String method = request.prologue().method().text();
            String route =
                    request.matchingPattern().filter(p -> p.startsWith("/")).orElse(NONE);
            requests.answered(
                    METHODS.contains(method) ? method : NONE,
                    route,
                    response.status().code());
            boolean lasts = LASTING.stream().anyMatch(p -> request.query().contains(p));
            if (!lasts) {
                requests.took(System.nanoTime() - startNs);
            }
        });
        chain.proceed();
    }
}

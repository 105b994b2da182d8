package io.vnvme.control.api;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

/** Reads the body of a request before anything is done with it, and says when the client has to be waited for. */
final class WholeRequests implements Filter {
    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        Bodies.of(request);
        HttpConnection.requestIsWhole();
        try {
            chain.proceed();
        } finally {
            HttpConnection.isAnswered();
        }
    }
}

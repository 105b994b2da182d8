package io.vnvme.control.api;

import io.helidon.common.media.type.MediaTypes;
import io.helidon.http.HttpMediaType;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.vnvme.control.auth.Caller;

/** Reads the body of a request before anything is done with it, and says when the client has to be waited for. */
final class WholeRequests implements Filter {
    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        // Only a daemon that sends a VM sends much, and whoever is not let in sends nothing.
        boolean large = Caller.CURRENT.isBound()
                && request.path().path().startsWith(ArrivalController.PATH)
                && request.headers()
                        .contentType()
                        .map(HttpMediaType::mediaType)
                        .filter(MediaTypes.APPLICATION_OCTET_STREAM::equals)
                        .isPresent();
        Bodies.read(request, large);
        HttpConnection.requestIsWhole();
        try {
            chain.proceed();
        } finally {
            HttpConnection.isAnswered();
        }
    }
}

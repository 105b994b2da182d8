package io.vnvme.control.api;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.vnvme.control.auth.Caller;
import io.vnvme.control.auth.Doorkeeper;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;

/**
 * Lets in who may come: everybody whom the Unix socket's permissions let connect; over TCP only who shows a token or the
 * cookie of a session. What headers say of other addresses counts for nothing.
 */
final class Entrance implements Filter {
    static final String WHO = "show who you are: a token as 'Authorization: Bearer', or sign in";
    static final String SESSION = "/api/v1/session";
    /** The prefix has browsers refuse it from other hosts, other paths, and without TLS. */
    static final String COOKIE = "__Host-vnvme";

    /** Methods that change nothing (RFC 9110, section 9.2.1). */
    static final Set<Method> SAFE = Set.of(Method.GET, Method.HEAD, Method.OPTIONS);

    private static final HeaderName CSRF = HeaderNames.create("X-CSRF-Token");
    private static final String BEARER = "Bearer ";

    private final Optional<Doorkeeper> doorkeeper;

    /** @param doorkeeper asked over TCP; nobody for the Unix socket */
    Entrance(Optional<Doorkeeper> doorkeeper) {
        this.doorkeeper = doorkeeper;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        Optional<Caller> caller = doorkeeper.isEmpty()
                ? Optional.of(Caller.local(HttpConnection.user()))
                : shown(doorkeeper.get(), request);
        if (caller.isPresent()) {
            ScopedValue.where(Caller.CURRENT, caller.get()).run(chain::proceed);
        } else if (open(request)) {
            chain.proceed();
        } else {
            throw new ProblemException(ProblemCode.UNAUTHENTICATED, WHO);
        }
    }

    /** What shows nothing of anybody's, and what one signs in with. A wrong guess here ends at the route's own check. */
    private static boolean open(ServerRequest request) {
        String path = request.path().path();
        return request.prologue().method().equals(Method.GET)
                ? path.equals("/") || path.equals("/ui") || path.startsWith("/ui/")
                : request.prologue().method().equals(Method.POST) && path.equals(SESSION);
    }

    private static Optional<Caller> shown(Doorkeeper doorkeeper, ServerRequest request) {
        Optional<String> authorization = request.headers().value(HeaderNames.AUTHORIZATION);
        if (authorization.isPresent()) {
            String value = authorization.get();
            if (!value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
                throw new ProblemException(ProblemCode.UNAUTHENTICATED, WHO);
            }
            return Optional.of(
                    doorkeeper.bearer(value.substring(BEARER.length()).strip(), address(request)));
        }
        Optional<Caller> caller = cookie(request).flatMap(doorkeeper::session);
        caller.ifPresent(c -> checkCsrf(c, request));
        return caller;
    }

    /** The session's cookie, as it was sent. */
    static Optional<String> cookie(ServerRequest request) {
        return request.headers().cookies().first(COOKIE).asOptional();
    }

    /** Where the connection comes from. */
    static String address(ServerRequest request) {
        return request.remotePeer().address() instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress().getHostAddress()
                : "nowhere";
    }

    /** A browser sends cookies by itself, also when another page made it ask; that page does not know this header. */
    private static void checkCsrf(Caller caller, ServerRequest request) {
        if (SAFE.contains(request.prologue().method())) {
            return;
        }
        byte[] sent = request.headers().value(CSRF).orElse("").getBytes(StandardCharsets.UTF_8);
        byte[] due = caller.csrf().orElseThrow().getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(sent, due)) {
            throw new ProblemException(
                    ProblemCode.CSRF, "X-CSRF-Token is missing or wrong: GET %s says what it is".formatted(SESSION));
        }
    }
}

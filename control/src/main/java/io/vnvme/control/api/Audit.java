package io.vnvme.control.api;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.vnvme.control.audit.AuditLog;
import io.vnvme.control.audit.Subject;
import io.vnvme.control.auth.Caller;
import io.vnvme.control.model.AuditInfo;
import java.net.InetSocketAddress;
import java.util.StringJoiner;

/** Has every request of somebody known that is meant to change something written down, before it is done and after. */
final class Audit implements Filter {
    private static final int NS_A_US = 1000;

    private final AuditLog log;

    Audit(AuditLog log) {
        this.log = log;
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        if (Entrance.SAFE.contains(request.prologue().method()) || !Caller.CURRENT.isBound()) {
            chain.proceed();
            return;
        }
        Caller caller = Caller.CURRENT.get();
        long startNs = System.nanoTime();
        AuditInfo begun = log.begin(caller.name(), caller.via(), from(request), what(request));
        try {
            chain.proceed();
        } finally {
            log.end(begun, response.status().code(), (System.nanoTime() - startNs) / NS_A_US);
        }
    }

    private static String from(ServerRequest request) {
        return request.remotePeer().address() instanceof InetSocketAddress ? Entrance.address(request) : "-";
    }

    private static String what(ServerRequest request) {
        String path = request.path().path();
        StringJoiner what = new StringJoiner(" ");
        what.add(request.prologue().method().text());
        what.add(path.replaceAll("\\p{Cntrl}", "?"));
        if (!request.prologue().query().isEmpty()) {
            what.add("?" + request.prologue().query().rawValue().replaceAll("\\p{Cntrl}", "?"));
        }
        // What signs in is all secret.
        if (!path.equals(Entrance.SESSION)) {
            what.add(Subject.of(Bodies.of(request)));
        }
        return what.toString().strip();
    }
}

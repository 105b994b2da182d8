package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.QueryParam;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.audit.AuditLog;
import io.vnvme.control.model.AuditInfo;
import io.vnvme.control.model.Role;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who changed what. */
@Controller
@Path("/api/v1/audit")
final class AuditController {
    private final AuditLog log;

    AuditController(AuditLog log) {
        this.log = log;
    }

    /**
     * Lists requests that were meant to change something: the newest two thousand at most.
     *
     * @param after only those with a larger number; absent: all
     * @param limit how many, 1 to 1000; absent: 1000
     * @return the requests, oldest first
     */
    @Get
    @Allowed(Role.ADMIN)
    List<AuditInfo> list(
            @QueryParam @Nullable Long after,
            @QueryParam @Nullable Integer limit,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(log.after(0, Integer.MAX_VALUE), AuditInfo::number, limit, after, http, response);
    }
}

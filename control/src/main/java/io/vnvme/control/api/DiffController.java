package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.QueryParam;
import io.vnvme.control.model.DiffInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Services;
import io.vnvme.control.service.Snapshots;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What changed between two volumes or snapshots. */
@Controller
@Path("/api/v1/diff")
final class DiffController {
    private final Snapshots snapshots;

    DiffController(Services services) {
        this.snapshots = services.snapshots();
    }

    /**
     * Compares: says where two volumes or snapshots may differ.
     *
     * @param from the earlier; absent: nothing, so that all data of the other is listed
     * @param to the later
     * @return the ranges
     */
    @Get
    @Allowed(Role.VIEWER)
    DiffInfo diff(@QueryParam @Nullable String from, @QueryParam String to) {
        return snapshots.diff(Optional.ofNullable(from).filter(f -> !f.isEmpty()), to);
    }
}

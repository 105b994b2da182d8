package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.QueryParam;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SnapshotInfo;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.service.Services;
import io.vnvme.control.service.Snapshots;
import io.vnvme.control.service.VnvmeService;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Snapshots of virtual NVMe drives. */
@Controller
@Path("/api/v1/snapshots")
final class SnapshotController {
    private final Snapshots snapshots;
    private final VnvmeService vnvmes;

    SnapshotController(Services services) {
        this.snapshots = services.snapshots();
        this.vnvmes = services.vnvmes();
    }

    /**
     * Lists snapshots.
     *
     * @param limit how many, 1 to 1000, in the order of names; absent: all, up to 1000
     * @param after only those with a name that comes later; absent: from the first
     * @return all of them, parents before children
     */
    @Get
    @Allowed(Role.VIEWER)
    List<SnapshotInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable String after,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(snapshots.list(), SnapshotInfo::name, limit, after, http, response);
    }

    /**
     * Shows a snapshot.
     *
     * @param name VOLUME@SNAPSHOT
     * @return the snapshot
     */
    @Get("/{name}")
    @Allowed(Role.VIEWER)
    SnapshotInfo show(String name) {
        return snapshots.show(name);
    }

    /**
     * Removes a snapshot; what clones and later snapshots need of it stays.
     *
     * @param name VOLUME@SNAPSHOT
     * @return the snapshot as it was
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    SnapshotInfo remove(String name) {
        return snapshots.remove(name);
    }

    /**
     * Clones a snapshot: makes a virtual NVMe drive that begins as it is.
     *
     * @param request of what, and its name
     * @return the vNVMe and how long each step took
     */
    @Post("/clone")
    @Produces(statusCode = 201)
    @Allowed(Role.OPERATOR)
    VnvmeChange cloneOf(CloneSnapshot request) {
        return vnvmes.cloneOf(request);
    }
}

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
import io.vnvme.control.model.ChangeLimits;
import io.vnvme.control.model.CreateGroup;
import io.vnvme.control.model.GroupInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Groups;
import io.vnvme.control.service.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Groups of virtual NVMe drives that share limits. */
@Controller
@Path("/api/v1/groups")
final class GroupController {
    private final Groups groups;

    GroupController(Services services) {
        this.groups = services.groups();
    }

    /**
     * Lists groups.
     *
     * @param limit how many, 1 to 1000, in the order of names; absent: all, up to 1000
     * @param after only those with a name that comes later; absent: from the first
     * @return all of them, in the order of creation
     */
    @Get
    @Allowed(Role.VIEWER)
    List<GroupInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable String after,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(groups.list(), GroupInfo::name, limit, after, http, response);
    }

    /**
     * Shows a group.
     *
     * @param name its name
     * @return the group
     */
    @Get("/{name}")
    @Allowed(Role.VIEWER)
    GroupInfo show(String name) {
        return groups.show(name);
    }

    /**
     * Creates a group.
     *
     * @param request its name and limits
     * @return the group
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.OPERATOR)
    GroupInfo create(CreateGroup request) {
        return groups.create(request);
    }

    /**
     * Changes a group's limits, also while its members are in use.
     *
     * @param name its name
     * @param request what changes
     * @return the group
     */
    @Post("/{name}")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    GroupInfo change(String name, ChangeLimits request) {
        return groups.change(name, request);
    }

    /**
     * Removes a group that no vNVMe is in.
     *
     * @param name its name
     * @return the group as it was
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    GroupInfo remove(String name) {
        return groups.remove(name);
    }
}

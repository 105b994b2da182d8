package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.vnvme.control.model.ChangeAccess;
import io.vnvme.control.model.PathInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SetGroupPath;
import io.vnvme.control.model.SetPath;
import io.vnvme.control.service.Paths;
import io.vnvme.control.service.Services;
import java.util.List;

/** The ways to vNVMes, and their ANA states. */
@Controller
@Path("/api/v1")
final class PathController {
    private final Paths paths;

    PathController(Services services) {
        this.paths = services.paths();
    }

    /**
     * Lists the paths to a vNVMe.
     *
     * @param name the vNVMe
     * @return pci, and each port where hosts come
     */
    @Get("/vnvmes/{name}/paths")
    @Allowed(Role.VIEWER)
    List<PathInfo> list(String name) {
        return paths.list(name);
    }

    /**
     * Changes the ANA state of a path, also while it is used: hosts that have another one go there.
     *
     * @param name the vNVMe
     * @param request which path, and its state
     * @return all paths
     */
    @Post("/vnvmes/{name}/paths")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    List<PathInfo> set(String name, SetPath request) {
        return paths.set(name, request);
    }

    /**
     * Changes how a vNVMe is reached.
     *
     * @param name the vNVMe
     * @param request what changes
     * @return all paths
     */
    @Post("/vnvmes/{name}/access")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    List<PathInfo> change(String name, ChangeAccess request) {
        return paths.change(name, request);
    }

    /**
     * Changes the ANA state of a path of all vNVMes in an ANA group: before a port's network is worked on, for one.
     *
     * @param request which group and path, and its state
     * @return the names of the vNVMes
     */
    @Post("/paths")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    List<String> setGroup(SetGroupPath request) {
        return paths.setGroup(request);
    }
}

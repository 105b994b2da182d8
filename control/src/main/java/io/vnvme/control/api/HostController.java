package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.Put;
import io.vnvme.control.model.AllowHost;
import io.vnvme.control.model.DemandOfHosts;
import io.vnvme.control.model.HostInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.service.Hosts;
import io.vnvme.control.service.Services;
import java.util.List;

/** Hosts that may connect over TCP. */
@Controller
@Path("/api/v1/vnvmes/{name}/hosts")
final class HostController {
    private final Hosts hosts;

    HostController(Services services) {
        this.hosts = services.hosts();
    }

    /**
     * Lists the hosts that may connect to a vNVMe over TCP.
     *
     * @param name the vNVMe
     * @return all of them, in the order of their being allowed
     */
    @Get
    @Allowed(Role.VIEWER)
    List<HostInfo> list(String name) {
        return hosts.list(name);
    }

    /**
     * Lets a host connect to a vNVMe over TCP.
     *
     * @param name the vNVMe
     * @param request which host
     * @return the host
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.OPERATOR)
    HostInfo allow(String name, AllowHost request) {
        return hosts.allow(name, request.nqn());
    }

    /**
     * Sets keys by which a host and a vNVMe show each other who they are. They are never shown again.
     *
     * @param name the vNVMe
     * @param nqn the host's NQN; it is allowed already
     * @param request the keys
     * @return the host
     */
    @Put("/{nqn}/keys")
    @Allowed(Role.OPERATOR)
    HostInfo setKeys(String name, String nqn, SetHostKeys request) {
        return hosts.keys(name, nqn, request);
    }

    /**
     * Forgets the keys of a host.
     *
     * @param name the vNVMe
     * @param nqn the host's NQN
     * @return the host
     */
    @Delete("/{nqn}/keys")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    HostInfo removeKeys(String name, String nqn) {
        return hosts.removeKeys(name, nqn);
    }

    /**
     * Says how the hosts of a vNVMe have to show who they are.
     *
     * @param name the vNVMe
     * @param request how
     * @return all its hosts
     */
    @Put("/demand")
    @Allowed(Role.OPERATOR)
    List<HostInfo> demand(String name, DemandOfHosts request) {
        return hosts.demand(name, request.demand());
    }

    /**
     * Lets a host connect no more, and ends its connections.
     *
     * @param name the vNVMe
     * @param nqn the host's NQN
     * @return the host that it was
     */
    @Delete("/{nqn}")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    HostInfo deny(String name, String nqn) {
        return hosts.deny(name, nqn);
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.service.Services;

/** The daemon itself. */
@Controller
@Path("/api/v1/system")
final class SystemController {
    private final Services services;

    SystemController(Services services) {
        this.services = services;
    }

    /**
     * Shows the daemon: version, capacity, what needs attention.
     *
     * @return the daemon and what it has
     */
    @Get
    @Allowed(Role.VIEWER)
    SystemInfo status() {
        return services.system();
    }
}

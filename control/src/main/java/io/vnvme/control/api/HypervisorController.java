package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.vnvme.control.model.HypervisorInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Services;
import io.vnvme.control.service.Vms;
import java.util.List;

/** Who is asked for virtual machines. */
@Controller
@Path("/api/v1/hypervisors")
final class HypervisorController {
    private final Vms vms;

    HypervisorController(Services services) {
        this.vms = services.vms();
    }

    /**
     * Lists who is asked for virtual machines, and whether they answer.
     *
     * @return one for each
     */
    @Get
    @Allowed(Role.VIEWER)
    List<HypervisorInfo> list() {
        return vms.hypervisors();
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.service.Services;
import io.vnvme.control.service.VnvmeService;
import java.util.List;

/** Virtual NVMe drives. */
@Controller
@Path("/api/v1/vnvmes")
final class VnvmeController {
    private final VnvmeService vnvmes;

    VnvmeController(Services services) {
        this.vnvmes = services.vnvmes();
    }

    /**
     * Lists virtual NVMe drives.
     *
     * @return all of them, in the order of creation
     */
    @Get
    List<VnvmeInfo> list() {
        return vnvmes.list();
    }

    /**
     * Shows a virtual NVMe drive.
     *
     * @param name its name
     * @return the vNVMe
     */
    @Get("/{name}")
    VnvmeInfo show(String name) {
        return vnvmes.show(name);
    }

    /**
     * Creates a virtual NVMe drive and serves it on its socket.
     *
     * @param request what it shall be
     * @return the vNVMe and how long each step took
     */
    @Post
    @Produces(statusCode = 201)
    VnvmeChange create(CreateVnvme request) {
        return vnvmes.create(request);
    }

    /**
     * Removes a virtual NVMe drive that nobody uses, and all that was written to it.
     *
     * @param name its name
     * @return the vNVMe as it was
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    VnvmeInfo remove(String name) {
        VnvmeInfo info = vnvmes.show(name);
        vnvmes.remove(name);
        return info;
    }

    /**
     * Attaches a vNVMe: plugs it into a running VM and waits for the guest to start it.
     *
     * @param name its name
     * @param request which VM
     * @return the vNVMe and how long each step took
     */
    @Post("/{name}/attach")
    @Produces(statusCode = 200)
    VnvmeChange attach(String name, AttachVnvme request) {
        return vnvmes.attach(name, request);
    }

    /**
     * Detaches a vNVMe from its VM and waits until the guest has let go of it.
     *
     * @param name its name
     * @param request how
     * @return the vNVMe and how long each step took
     */
    @Post("/{name}/detach")
    @Produces(statusCode = 200)
    VnvmeChange detach(String name, DetachVnvme request) {
        return vnvmes.detach(name, request);
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.QueryParam;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.model.AttachToVm;
import io.vnvme.control.model.DetachFromVm;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MigrateVm;
import io.vnvme.control.model.MigrationCheck;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.VmInfo;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.service.Migrations;
import io.vnvme.control.service.Services;
import io.vnvme.control.service.Vms;
import io.vnvme.control.service.VnvmeService;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Virtual machines that vNVMes can be attached to. */
@Controller
@Path("/api/v1/vms")
final class VmController {
    private final Vms vms;
    private final VnvmeService vnvmes;
    private final Migrations migrations;

    VmController(Services services) {
        this.vms = services.vms();
        this.vnvmes = services.vnvmes();
        this.migrations = services.migrations();
    }

    /**
     * Lists libvirt's domains, running or not, and VMs that drives were attached to by their QMP sockets.
     *
     * @param limit how many, 1 to 1000, in the order of names; absent: all, up to 1000
     * @param after only those with a name that comes later; absent: from the first
     * @return all that can be found
     */
    @Get
    @Allowed(Role.VIEWER)
    List<VmInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable String after,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(vms.list(), VmInfo::name, limit, after, http, response);
    }

    /**
     * Shows a virtual machine.
     *
     * @param name its name
     * @return the VM
     */
    @Get("/{name}")
    @Allowed(Role.VIEWER)
    VmInfo show(String name) {
        return vms.show(name);
    }

    /**
     * Attaches a vNVMe to a running VM and waits for the guest to start it.
     *
     * @param name the VM's name
     * @param request which vNVMe
     * @return the vNVMe and how long each step took
     */
    @Post("/{name}/attach")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    VnvmeChange attach(String name, AttachToVm request) {
        return vnvmes.attach(name, request);
    }

    /**
     * Detaches a vNVMe from a VM and waits until the guest has let go of it.
     *
     * @param name the VM's name
     * @param request which vNVMe, and how
     * @return the vNVMe and how long each step took
     */
    @Post("/{name}/detach")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    VnvmeChange detach(String name, DetachFromVm request) {
        return vnvmes.detach(name, request);
    }

    /**
     * Looks whether a VM could go to another host with its vNVMes, here and there. Nothing is changed.
     *
     * @param name the VM's name
     * @param request where to
     * @return what was found
     */
    @Post("/{name}/migrate/check")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    MigrationCheck checkMigration(String name, MigrateVm request) {
        return migrations.check(name, request);
    }

    /**
     * Begins to migrate a running VM to another host, with the vNVMes that it uses.
     *
     * @param name the VM's name
     * @param request where to
     * @return the job that does it
     */
    @Post("/{name}/migrate")
    @Produces(statusCode = 202)
    @Allowed(Role.OPERATOR)
    JobInfo migrate(String name, MigrateVm request) {
        return migrations.migrate(name, request);
    }
}

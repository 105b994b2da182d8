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
import io.vnvme.control.auth.Caller;
import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ChangeQos;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.RecipeInfo;
import io.vnvme.control.model.RenameVnvme;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.RollBack;
import io.vnvme.control.model.SnapshotInfo;
import io.vnvme.control.model.TakeSnapshot;
import io.vnvme.control.model.UnlockVnvme;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.service.Groups;
import io.vnvme.control.service.Pools;
import io.vnvme.control.service.Services;
import io.vnvme.control.service.Snapshots;
import io.vnvme.control.service.Transfers;
import io.vnvme.control.service.VnvmeService;
import io.vnvme.control.service.VolumeMoves;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Virtual NVMe drives. */
@Controller
@Path("/api/v1/vnvmes")
final class VnvmeController {
    private final VnvmeService vnvmes;
    private final Snapshots snapshots;
    private final Transfers transfers;
    private final Groups groups;
    private final Pools pools;
    private final VolumeMoves moves;

    VnvmeController(Services services) {
        this.vnvmes = services.vnvmes();
        this.snapshots = services.snapshots();
        this.transfers = services.transfers();
        this.groups = services.groups();
        this.pools = services.pools();
        this.moves = services.moves();
    }

    /**
     * Lists virtual NVMe drives.
     *
     * @param limit how many, 1 to 1000, in the order of names; absent: all, up to 1000
     * @param after only those with a name that comes later; absent: from the first
     * @param vm only those that this VM has; absent: all
     * @return all of them, in the order of creation
     */
    @Get
    @Allowed(Role.VIEWER)
    List<VnvmeInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable String after,
            @QueryParam @Nullable String vm,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(vm == null ? vnvmes.list() : vnvmes.listOf(vm), VnvmeInfo::name, limit, after, http, response);
    }

    /**
     * Shows a virtual NVMe drive.
     *
     * @param name its name
     * @return the vNVMe
     */
    @Get("/{name}")
    @Allowed(Role.VIEWER)
    VnvmeInfo show(String name) {
        return vnvmes.show(name);
    }

    /**
     * Tells how VMs get a vNVMe from their start.
     *
     * @param name its name
     * @return what to tell each hypervisor
     */
    @Get("/{name}/recipe")
    @Allowed(Role.VIEWER)
    RecipeInfo recipe(String name) {
        return vnvmes.recipe(name);
    }

    /**
     * Creates a virtual NVMe drive and serves it on its socket.
     *
     * @param request what it shall be
     * @return the vNVMe and how long each step took
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.OPERATOR)
    VnvmeChange create(CreateVnvme request) {
        if (!Caller.CURRENT.get().role().covers(Role.ADMIN)
                && pools.list().stream().allMatch(p -> p.state().equals("exported"))) {
            throw new ProblemException(
                    ProblemCode.NOT_ALLOWED,
                    "there is no pool, and making one of all drives needs admin: have an administrator make one");
        }
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
    @Allowed(Role.OPERATOR)
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
    @Allowed(Role.OPERATOR)
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
    @Allowed(Role.OPERATOR)
    VnvmeChange detach(String name, DetachVnvme request) {
        return vnvmes.detach(name, request);
    }

    /**
     * Resizes a vNVMe, also while a guest uses it.
     *
     * @param name its name
     * @param request the new size
     * @return the vNVMe
     */
    @Post("/{name}/resize")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    VnvmeInfo resize(String name, ResizeVnvme request) {
        return vnvmes.resize(name, request);
    }

    /**
     * Moves a vNVMe, whoever uses it, to another pool.
     *
     * @param name its name
     * @param request where to
     * @return the job that does it
     */
    @Post("/{name}/move")
    @Produces(statusCode = 202)
    @Allowed(Role.OPERATOR)
    JobInfo move(String name, MoveVnvme request) {
        return moves.move(name, request);
    }

    /**
     * Shows what a vNVMe may do.
     *
     * @param name its name
     * @return its limits, weight and group
     */
    @Get("/{name}/qos")
    @Allowed(Role.VIEWER)
    Qos qos(String name) {
        return groups.of(name);
    }

    /**
     * Changes what a vNVMe may do, also while a guest uses it.
     *
     * @param name its name
     * @param request what changes
     * @return its limits, weight and group from now on
     */
    @Post("/{name}/qos")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    Qos changeQos(String name, ChangeQos request) {
        return groups.change(name, request);
    }

    /**
     * Renames a vNVMe that nobody uses, with its snapshots; its identifiers stay.
     *
     * @param name its name
     * @param request the new name
     * @return the vNVMe
     */
    @Post("/{name}/rename")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    VnvmeInfo rename(String name, RenameVnvme request) {
        return vnvmes.rename(name, request);
    }

    /**
     * Opens an encrypted vNVMe whose key is not there.
     *
     * @param name its name
     * @param request its key
     * @return the vNVMe
     */
    @Post("/{name}/unlock")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    VnvmeInfo unlock(String name, UnlockVnvme request) {
        return vnvmes.unlock(name, request);
    }

    /**
     * Takes a snapshot of a vNVMe, also while a guest uses it.
     *
     * @param name its name
     * @param request the snapshot's name
     * @return the snapshot
     */
    @Post("/{name}/snapshots")
    @Produces(statusCode = 201)
    @Allowed(Role.OPERATOR)
    SnapshotInfo snapshot(String name, TakeSnapshot request) {
        return snapshots.take(name, request.name());
    }

    /**
     * Rolls a vNVMe that nobody uses back to a snapshot of it. What was written since is lost, unless another snapshot has it.
     *
     * @param name its name
     * @param request which snapshot
     * @return the vNVMe
     */
    @Post("/{name}/rollback")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    VnvmeInfo rollback(String name, RollBack request) {
        snapshots.rollback(name, request.snapshot());
        return vnvmes.show(name);
    }

    /**
     * Exports a volume or snapshot into a file.
     *
     * @param request what, and into which file
     * @return the job that does it
     */
    @Post("/export")
    @Produces(statusCode = 202)
    @Allowed(Role.ADMIN)
    JobInfo export(ExportVolume request) {
        return transfers.export(request);
    }

    /**
     * Imports a file: makes a vNVMe with its content.
     *
     * @param request which file, and the vNVMe
     * @return the job that does it
     */
    @Post("/import")
    @Produces(statusCode = 202)
    @Allowed(Role.ADMIN)
    JobInfo importFile(ImportVolume request) {
        return transfers.importFile(request);
    }
}

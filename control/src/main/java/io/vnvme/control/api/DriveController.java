package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.Put;
import io.avaje.http.api.QueryParam;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.Discover;
import io.vnvme.control.model.DiscoveryInfo;
import io.vnvme.control.model.DriveContents;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SetDriveKeys;
import io.vnvme.control.service.Drives;
import io.vnvme.control.service.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Backing drives. */
@Controller
@Path("/api/v1/drives")
final class DriveController {
    private final Drives drives;

    DriveController(Services services) {
        this.drives = services.drives();
    }

    /**
     * Lists drives: claimed ones, and those that could be claimed by name.
     *
     * @param limit how many, 1 to 1000, in the order of names; absent: all, up to 1000
     * @param after only those with a name that comes later; absent: from the first
     * @return all drives
     */
    @Get
    @Allowed(Role.VIEWER)
    List<DriveInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable String after,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(drives.list(), DriveInfo::name, limit, after, http, response);
    }

    /**
     * Shows a drive.
     *
     * @param name its name
     * @return the drive
     */
    @Get("/{name}")
    @Allowed(Role.VIEWER)
    DriveInfo show(String name) {
        return drives.show(name);
    }

    /**
     * Claims a drive: takes control of it.
     *
     * @param request which drive
     * @return the claimed drive
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.ADMIN)
    DriveInfo claim(ClaimDrive request) {
        return drives.claim(request);
    }

    /**
     * Looks at a drive: says what claiming it by force would destroy. Nothing is changed.
     *
     * @param request which drive
     * @return what is on it
     */
    @Post("/look")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    DriveContents look(ClaimDrive request) {
        return drives.contents(request);
    }

    /**
     * Asks a discovery controller of NVMe/TCP which namespaces of other machines this daemon may claim.
     *
     * @param request where
     * @return what is there
     */
    @Post("/discover")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    DiscoveryInfo discover(Discover request) {
        return drives.discover(request);
    }

    /**
     * Sets keys by which this daemon and the target of a remote drive show each other who they are. They are never shown again, count
     * from the next connection on, and for all drives at the same subsystem.
     *
     * @param name its name
     * @param request the keys
     * @return the drive
     */
    @Put("/{name}/keys")
    @Allowed(Role.ADMIN)
    DriveInfo setKeys(String name, SetDriveKeys request) {
        return drives.keys(name, request);
    }

    /**
     * Forgets the keys of a remote drive.
     *
     * @param name its name
     * @return the drive
     */
    @Delete("/{name}/keys")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    DriveInfo removeKeys(String name) {
        return drives.keys(name, SetDriveKeys.NONE);
    }

    /**
     * Releases a drive that is in no pool.
     *
     * @param name its name
     * @return the drive that was released
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    DriveInfo release(String name) {
        return drives.release(name);
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.DriveContents;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Drives;
import io.vnvme.control.service.Services;
import java.util.List;

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
     * @return all drives
     */
    @Get
    @Allowed(Role.VIEWER)
    List<DriveInfo> list() {
        return drives.list();
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

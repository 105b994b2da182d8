package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
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
     * Lists drives: claimed ones, and those that could be claimed.
     *
     * @return all drives
     */
    @Get
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
    DriveInfo claim(ClaimDrive request) {
        String spec = request.spec();
        if (spec == null || spec.isBlank()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no drive named: give the 'spec' of an available one");
        }
        return drives.claim(spec);
    }

    /**
     * Releases a drive that carries no vNVMe.
     *
     * @param name its name
     * @return the drive that was released
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    DriveInfo release(String name) {
        return drives.release(name);
    }
}

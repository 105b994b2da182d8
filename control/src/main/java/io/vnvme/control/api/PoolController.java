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
import io.vnvme.control.model.CheckReport;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.DrainPool;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.FoundPool;
import io.vnvme.control.model.HoldWrites;
import io.vnvme.control.model.ImportPool;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.MovePool;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ReplaceDrive;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.PoolDrains;
import io.vnvme.control.service.PoolImport;
import io.vnvme.control.service.Pools;
import io.vnvme.control.service.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pools. */
@Controller
@Path("/api/v1/pools")
final class PoolController {
    private final Pools pools;
    private final PoolDrains drains;
    private final PoolImport poolImport;

    PoolController(Services services) {
        this.pools = services.pools();
        this.drains = services.drains();
        this.poolImport = services.poolImport();
    }

    /**
     * Lists pools, those too that were exported.
     *
     * @param limit how many, 1 to 1000, in the order of names; absent: all, up to 1000
     * @param after only those with a name that comes later; absent: from the first
     * @return all pools
     */
    @Get
    @Allowed(Role.VIEWER)
    List<PoolInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable String after,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(pools.list(), PoolInfo::name, limit, after, http, response);
    }

    /**
     * Shows a pool.
     *
     * @param name its name
     * @return the pool
     */
    @Get("/{name}")
    @Allowed(Role.VIEWER)
    PoolInfo show(String name) {
        return pools.show(name);
    }

    /**
     * Creates a pool of claimed drives.
     *
     * @param request which drives, and how they are joined
     * @return the pool
     */
    @Post
    @Produces(statusCode = 201)
    @Allowed(Role.ADMIN)
    PoolInfo create(CreatePool request) {
        return pools.create(request);
    }

    /**
     * Destroys a pool; its drives stay claimed.
     *
     * @param name its name
     * @param force also when it holds volumes, which are lost
     * @return the pool as it was
     */
    @Delete("/{name}")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    PoolInfo destroy(String name, @QueryParam @Nullable Boolean force) {
        return pools.destroy(name, Boolean.TRUE.equals(force));
    }

    /**
     * Grows a pool by claimed drives.
     *
     * @param name its name
     * @param request the drives
     * @return the pool
     */
    @Post("/{name}/grow")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    PoolInfo grow(String name, DriveNames request) {
        return pools.grow(name, request);
    }

    /**
     * Shrinks a pool by a drive, whose content is moved to the others while the pool is in use.
     *
     * @param name its name
     * @param request the drive
     * @return the job that does it
     */
    @Post("/{name}/shrink")
    @Produces(statusCode = 202)
    @Allowed(Role.ADMIN)
    JobInfo shrink(String name, DriveNames request) {
        return pools.shrink(name, request);
    }

    /**
     * Replaces a drive of a mirror by another, which is filled while the pool is in use.
     *
     * @param name its name
     * @param request which by which
     * @return the job that does it
     */
    @Post("/{name}/replace")
    @Produces(statusCode = 202)
    @Allowed(Role.ADMIN)
    JobInfo replace(String name, ReplaceDrive request) {
        return pools.replace(name, request);
    }

    /**
     * Sets how long writes wait for space when a pool is full.
     *
     * @param name its name
     * @param request how long
     * @return the pool
     */
    @Post("/{name}/hold")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    PoolInfo hold(String name, HoldWrites request) {
        return pools.holdWrites(name, request);
    }

    /**
     * Empties a pool while all in it is in use: its vNVMes move to another one.
     *
     * @param name its name
     * @param request where to
     * @return the job that does it
     */
    @Post("/{name}/drain")
    @Produces(statusCode = 202)
    @Allowed(Role.ADMIN)
    JobInfo drain(String name, DrainPool request) {
        return drains.drain(name, request);
    }

    /**
     * Moves a pool, in use, to another of the threads that serve I/O; its vNVMes go with it.
     *
     * @param name its name
     * @param request where to
     * @return the pool
     */
    @Post("/{name}/move")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    PoolInfo move(String name, MovePool request) {
        return pools.move(name, request);
    }

    /**
     * Scrubs a pool: reads everything and checks what can be checked, while it is in use.
     *
     * @param name its name
     * @return the job that does it
     */
    @Post("/{name}/scrub")
    @Produces(statusCode = 202)
    @Allowed(Role.OPERATOR)
    JobInfo scrub(String name) {
        return pools.scrub(name);
    }

    /**
     * Checks the metadata of a pool that is not in use, and changes nothing.
     *
     * @param name its name
     * @return what is wrong
     */
    @Post("/{name}/check")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    CheckReport check(String name) {
        return pools.check(name);
    }

    /**
     * Exports a pool: closes it cleanly, and lets go of its drives, so that another daemon can import it.
     *
     * @param name its name
     * @return where it is
     */
    @Post("/{name}/export")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    FoundPool export(String name) {
        return poolImport.giveAway(name);
    }

    /**
     * Forgets an exported pool; nothing on its drives changes.
     *
     * @param name its name
     * @return where it was
     */
    @Post("/{name}/forget")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    FoundPool forget(String name) {
        return poolImport.forget(name);
    }

    /**
     * Imports a pool, with everything in it.
     *
     * @param request which one, and where it may be
     * @return the pool
     */
    @Post("/import")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    PoolInfo take(ImportPool request) {
        return pools.show(poolImport.take(request).name());
    }

    /**
     * Finds pools that could be imported.
     *
     * @param request where they may be, besides the host's block devices
     * @return the pools
     */
    @Post("/find")
    @Produces(statusCode = 200)
    @Allowed(Role.ADMIN)
    List<FoundPool> find(ImportPool request) {
        return poolImport.found(request.from() == null ? List.of() : request.from());
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Produces;
import io.avaje.http.api.QueryParam;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Services;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Long work. */
@Controller
@Path("/api/v1/jobs")
final class JobController {
    private static final int WAIT_MS_MAX = 60_000;

    private final Jobs jobs;

    JobController(Services services) {
        this.jobs = services.jobs();
    }

    /**
     * Lists jobs: those under way, those that a restart interrupted, and those that ended within 90 days, a thousand in all.
     *
     * @param limit how many, 1 to 1000, in the order of numbers; absent: all, up to 1000
     * @param after only those with a larger number; absent: all
     * @return the jobs, oldest first
     */
    @Get
    @Allowed(Role.VIEWER)
    List<JobInfo> list(
            @QueryParam @Nullable Integer limit,
            @QueryParam @Nullable Long after,
            ServerRequest http,
            ServerResponse response) {
        return Page.of(jobs.list(), JobInfo::id, limit, after, http, response);
    }

    /**
     * Shows a job.
     *
     * @param id its number
     * @param waitMs how long to wait for its end, in milliseconds, at most 60000; absent: not at all
     * @return the job
     */
    @Get("/{id}")
    @Allowed(Role.VIEWER)
    JobInfo show(long id, @QueryParam @Nullable Integer waitMs) {
        return jobs.show(id, Duration.ofMillis(waitMs == null ? 0 : Math.clamp(waitMs, 0, WAIT_MS_MAX)));
    }

    /**
     * Cancels a job: it stops as soon as it can, and leaves nothing behind.
     *
     * @param id its number
     * @return the job
     */
    @Delete("/{id}")
    @Produces(statusCode = 200)
    @Allowed(Role.OPERATOR)
    JobInfo cancel(long id) {
        return jobs.cancel(id);
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.QueryParam;
import io.vnvme.control.model.LatencyInfo;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.TopInfo;
import io.vnvme.control.service.Services;
import io.vnvme.control.service.Top;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the daemon does just now. */
@Controller
@Path("/api/v1")
final class TopController {
    private static final int INTERVAL_MS = 1000;

    private final Top top;

    TopController(Services services) {
        this.top = services.top();
    }

    /**
     * Lists the threads that serve I/O, and what they did with their time.
     *
     * @return all of them
     */
    @Get("/reactors")
    @Allowed(Role.VIEWER)
    List<ReactorInfo> reactors() {
        return top.reactors();
    }

    /**
     * Measures reactors and vNVMes over an interval that begins now, and answers at its end.
     *
     * @param intervalMs its length in milliseconds, 10 to 60000; absent: 1000
     * @return what each did
     */
    @Get("/top")
    @Allowed(Role.VIEWER)
    TopInfo top(@QueryParam @Nullable Integer intervalMs) {
        return top.over(intervalMs == null ? INTERVAL_MS : intervalMs);
    }

    /**
     * Measures how long the commands of a vNVMe take, over an interval that begins now, and answers at its end.
     *
     * @param name its name
     * @param intervalMs its length in milliseconds, 10 to 60000; absent: 1000
     * @return how many took how long
     */
    @Get("/vnvmes/{name}/latencies")
    @Allowed(Role.VIEWER)
    LatencyInfo latencies(String name, @QueryParam @Nullable Integer intervalMs) {
        return top.latencies(name, intervalMs == null ? INTERVAL_MS : intervalMs);
    }
}

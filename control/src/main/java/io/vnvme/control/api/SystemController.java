package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Produces;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.service.Services;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;

/** The daemon itself. */
@Controller
@Path("/api/v1/system")
final class SystemController {
    private static final int FRAMES_MAX = 64;

    private final Services services;

    SystemController(Services services) {
        this.services = services;
    }

    /**
     * Shows the daemon: version, capacity, what needs attention.
     *
     * @return the daemon and what it has
     */
    @Get
    @Allowed(Role.VIEWER)
    SystemInfo status() {
        return services.system();
    }

    /**
     * Shows what the daemon's threads do just now.
     *
     * @return text for whoever looks for a fault
     */
    @Get("/threads")
    @Produces("text/plain")
    @Allowed(Role.ADMIN)
    String threads() {
        StringBuilder all = new StringBuilder();
        for (ThreadInfo thread : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true, FRAMES_MAX)) {
            all.append(thread.getThreadName())
                    .append(", ")
                    .append(thread.getThreadState())
                    .append('\n');
            for (StackTraceElement frame : thread.getStackTrace()) {
                all.append("    ").append(frame).append('\n');
            }
        }
        return all.toString();
    }
}

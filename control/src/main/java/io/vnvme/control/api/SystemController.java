package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Produces;
import io.avaje.http.api.Put;
import io.vnvme.control.log.Logs;
import io.vnvme.control.model.LogLevelInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.model.SetLogLevel;
import io.vnvme.control.model.SystemInfo;
import io.vnvme.control.model.UpgradeInfo;
import io.vnvme.control.service.Services;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.List;

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
     * Has the daemon that is installed now take the place of this one, with all that guests have in use. It answers when that
     * stands by; this one ends a moment later.
     *
     * @return who ends
     */
    @Post("/upgrade")
    @Allowed(Role.ADMIN)
    UpgradeInfo upgrade() {
        return services.upgrade();
    }

    /**
     * Lists the loggers that have levels of their own.
     *
     * @return those, the root first
     */
    @Get("/log-levels")
    @Allowed(Role.ADMIN)
    List<LogLevelInfo> logLevels() {
        return Logs.levels();
    }

    /**
     * Has a logger write more or less, until the daemon ends.
     *
     * @param request which, and its level
     * @return how it is now
     */
    @Put("/log-levels")
    @Allowed(Role.ADMIN)
    LogLevelInfo setLogLevel(SetLogLevel request) {
        return Logs.set(request.logger(), request.level());
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

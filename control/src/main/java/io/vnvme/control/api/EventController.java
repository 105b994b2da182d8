package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.QueryParam;
import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.EventKindInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Services;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened. */
@Controller
@Path("/api/v1/events")
final class EventController {
    private static final int WAIT_MS_MAX = 60_000;

    private final EventLog events;

    EventController(Services services) {
        this.events = services.events();
    }

    /**
     * Lists events: the newest thousand at most.
     *
     * @param after only those with a larger number; absent: all
     * @param waitMs how long to wait for one when there is none, in milliseconds, at most 60000; absent: not at all
     * @return the events, oldest first
     */
    @Get
    @Allowed(Role.VIEWER)
    List<EventInfo> list(@QueryParam @Nullable Long after, @QueryParam @Nullable Integer waitMs) {
        return events.after(
                after == null ? 0 : after, Duration.ofMillis(waitMs == null ? 0 : Math.clamp(waitMs, 0, WAIT_MS_MAX)));
    }

    /**
     * Lists the kinds of events that there are, explained.
     *
     * @return all of them
     */
    @Get("/kinds")
    @Allowed(Role.VIEWER)
    List<EventKindInfo> kinds() {
        return Arrays.stream(EventKind.values()).map(EventKind::info).toList();
    }

    /**
     * Explains a kind of event.
     *
     * @param id its stable name
     * @return what has happened, what it means, what to do
     */
    @Get("/kinds/{id}")
    @Allowed(Role.VIEWER)
    EventKindInfo kind(String id) {
        return EventKind.of(id)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.UNKNOWN_EVENT_KIND, "no kind of event is called '%s'".formatted(id)))
                .info();
    }
}

package io.vnvme.control.api;

import io.avaje.http.api.Controller;
import io.avaje.http.api.Get;
import io.avaje.http.api.Header;
import io.avaje.http.api.Path;
import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.auth.Caller;
import io.vnvme.control.change.ChangeStream;
import io.vnvme.control.change.Changes;
import io.vnvme.control.model.ChangeInfo;
import io.vnvme.control.model.Role;
import io.vnvme.control.service.Services;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What changes, as it does. */
@Controller
@Path("/api/v1/changes")
final class ChangeController {
    private static final Logger LOG = System.getLogger(ChangeController.class.getName());
    /** Shorter than what proxies and browsers take for a dead connection. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    /** How soon a stream ends whose token was removed. */
    private static final Duration CHECK = Duration.ofMillis(500);

    private static final String RETRY = "retry: 1000\n\n";
    private static final String COMMENT = ":\n\n";

    private final Changes changes;
    private final JsonType<ChangeInfo> json;

    ChangeController(Services services, Jsonb jsonb) {
        this.changes = services.changes();
        this.json = jsonb.type(ChangeInfo.class);
    }

    /**
     * Follows changes of all resources: a stream of server-sent events that ends when the client goes.
     *
     * @param lastEventId id of the last event that the client has seen; absent: it is new
     */
    @Get
    @Allowed(Role.VIEWER)
    void follow(@Header("Last-Event-ID") @Nullable String lastEventId, ServerResponse response) {
        try (ChangeStream stream = changes.open(number(lastEventId))) {
            response.header(HeaderNames.CONTENT_TYPE, "text/event-stream");
            response.header(HeaderNames.CACHE_CONTROL, "no-store");
            tell(stream, response);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "a stream of changes has ended: {0}", e.getMessage());
        } catch (IOException | UncheckedIOException e) {
            LOG.log(Level.DEBUG, "a client that followed changes is gone: {0}", e.getMessage());
        }
    }

    private void tell(ChangeStream stream, ServerResponse response) throws IOException, InterruptedException {
        try (OutputStream out = response.outputStream()) {
            send(out, RETRY);
            if (stream.anew()) {
                send(out, event(stream.startId(), "reset", "{\"id\":%d}".formatted(stream.startId())));
            }
            Caller caller = Caller.CURRENT.get();
            long toldNs = System.nanoTime();
            while (caller.good().getAsBoolean()) {
                Optional<ChangeInfo> change = stream.next(CHECK);
                boolean due = change.isPresent() || System.nanoTime() - toldNs >= HEARTBEAT.toNanos();
                if (due && caller.good().getAsBoolean()) {
                    send(
                            out,
                            change.map(c -> event(c.id(), "change", json.toJson(c)))
                                    .orElse(COMMENT));
                    toldNs = System.nanoTime();
                }
            }
        }
    }

    private static String event(long id, String name, String data) {
        return "id: %d\nevent: %s\ndata: %s\n\n".formatted(id, name, data);
    }

    private static void send(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /** Whoever sends something else than we gave is new. */
    private static OptionalLong number(@Nullable String text) {
        try {
            return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text.strip()));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}

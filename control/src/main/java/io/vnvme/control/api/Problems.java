package io.vnvme.control.api;

import io.avaje.json.JsonException;
import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.helidon.http.BadRequestException;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.model.Problem;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Every error of the API as problem details (RFC 9457). */
final class Problems {
    private static final Logger LOG = System.getLogger(Problems.class.getName());

    private final JsonType<Problem> problems;

    Problems(Jsonb jsonb) {
        this.problems = jsonb.type(Problem.class);
    }

    /** To be called after all routes: what no route takes is an unknown resource. */
    void register(HttpRouting.Builder routing) {
        routing.error(ProblemException.class, (_, response, e) -> {
            if (e.getCause() != null) {
                LOG.log(Level.DEBUG, "refused: " + e.detail(), e);
            }
            if (e.code() == ProblemCode.UNAUTHENTICATED) {
                response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
            }
            if (e.retrySeconds() > 0) {
                response.header(HeaderNames.RETRY_AFTER, Long.toString(e.retrySeconds()));
            }
            send(response, e.code(), e.detail());
        });
        routing.error(
                JsonException.class,
                (_, response, e) -> send(
                        response,
                        ProblemCode.BAD_REQUEST,
                        "the request body is not the JSON that belongs there: " + firstLine(innermost(e))));
        routing.error(
                BadRequestException.class, (_, response, e) -> send(response, ProblemCode.BAD_REQUEST, firstLine(e)));
        routing.error(
                IllegalArgumentException.class,
                (_, response, e) -> send(
                        response, ProblemCode.BAD_REQUEST, "a parameter makes no sense: " + firstLine(innermost(e))));
        routing.error(Throwable.class, this::internal);
        routing.any(this::unknown);
    }

    private void internal(ServerRequest request, ServerResponse response, Throwable failure) {
        LOG.log(
                Level.ERROR,
                "%s %s failed"
                        .formatted(request.prologue().method(), request.path().path()),
                failure);
        send(
                response,
                ProblemCode.INTERNAL,
                "this is a fault of the daemon (%s): its log says more; nothing else is affected"
                        .formatted(failure.getClass().getSimpleName()));
    }

    private void unknown(ServerRequest request, ServerResponse response) {
        send(
                response,
                ProblemCode.UNKNOWN_RESOURCE,
                "no %s %s: see /api/v1/openapi.json for what there is"
                        .formatted(request.prologue().method(), request.path().path()));
    }

    private void send(ServerResponse response, ProblemCode code, String detail) {
        response.status(Status.create(code.httpStatus()));
        response.header(HeaderNames.CONTENT_TYPE, "application/problem+json");
        response.send(problems.toJson(Problem.of(code, detail)));
    }

    /** What wraps it says the name of a class before it. */
    private static Throwable innermost(Throwable e) {
        Throwable cause = e.getCause();
        return cause == null ? e : innermost(cause);
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("no more is known");
    }
}

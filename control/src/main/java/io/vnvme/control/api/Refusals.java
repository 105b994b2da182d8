package io.vnvme.control.api;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.DirectHandler.TransportRequest;
import io.helidon.http.DirectHandler.TransportResponse;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.vnvme.control.model.Problem;
import io.vnvme.control.model.ProblemCode;

/** What the web server refuses before it knows a route - no HTTP, too large - as problems like all others. */
final class Refusals implements DirectHandler {
    /** RFC 6585, section 5. */
    private static final int HEADER_TOO_LARGE = 431;

    private final JsonType<Problem> problems;

    private Refusals(Jsonb jsonb) {
        this.problems = jsonb.type(Problem.class);
    }

    static DirectHandlers handlers(Jsonb jsonb) {
        Refusals refusals = new Refusals(jsonb);
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (EventType type : EventType.values()) {
            handlers.addHandler(type, refusals);
        }
        return handlers.build();
    }

    @Override
    public TransportResponse handle(
            TransportRequest request, EventType type, Status status, ServerResponseHeaders headers, String message) {
        ProblemCode code = code(status);
        Problem problem = Problem.of(code, "the request was refused: " + words(code));
        return TransportResponse.builder()
                .headers(headers)
                .status(Status.create(code.httpStatus()))
                .header(HeaderNames.CONTENT_TYPE, "application/problem+json")
                .keepAlive(false)
                .entity(problems.toJson(problem))
                .build();
    }

    private static ProblemCode code(Status status) {
        if (status.code() == Status.REQUEST_ENTITY_TOO_LARGE_413.code()
                || status.code() == HEADER_TOO_LARGE
                || status.code() == Status.REQUEST_URI_TOO_LONG_414.code()) {
            return ProblemCode.TOO_LARGE;
        }
        return status.family() == Status.Family.SERVER_ERROR ? ProblemCode.INTERNAL : ProblemCode.BAD_REQUEST;
    }

    /** Nothing of what was sent: it may be anything. */
    private static String words(ProblemCode code) {
        return switch (code) {
            case TOO_LARGE -> "its head or body is too large";
            case INTERNAL -> "the daemon cannot take it now";
            default -> "it is no HTTP/1.1 that is understood";
        };
    }
}

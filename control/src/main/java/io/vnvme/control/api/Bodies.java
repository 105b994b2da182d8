package io.vnvme.control.api;

import io.helidon.http.media.ReadableEntity;
import io.helidon.webserver.http.ServerRequest;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import org.jspecify.annotations.Nullable;

/** The body of a request, which is kept so that whoever comes later reads it as well. */
final class Bodies {
    /** The largest request of a person or a program is a few hundred bytes. */
    private static final long SIZE_MAX = 64 << 10;

    private Bodies() {}

    /** What a daemon sends that hands a VM over: read once, by whoever needs it. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Large(byte[] bytes) {}

    /**
     * Reads it all.
     *
     * @param large whether it may be more than most: as much as the server takes
     */
    static void read(ServerRequest request, boolean large) {
        if (large && request.content().hasEntity()) {
            request.context().register(new Large(request.content().as(byte[].class)));
        } else {
            of(request);
        }
    }

    /** @throws ProblemException when it is too large */
    static byte[] of(ServerRequest request) {
        return request.context().get(Large.class).map(Large::bytes).orElseGet(() -> small(request));
    }

    private static byte[] small(ServerRequest request) {
        ReadableEntity content = request.content();
        if (!content.hasEntity()) {
            return new byte[0];
        }
        if (request.headers().contentLength().orElse(0) > SIZE_MAX) {
            throw tooLarge(null);
        }
        try {
            content.buffer();
        } catch (IllegalStateException e) {
            // One that does not say how long it is turns out to be longer than what is buffered.
            throw tooLarge(e);
        }
        return content.as(byte[].class);
    }

    private static ProblemException tooLarge(@Nullable Exception cause) {
        String words = "the body has more than %d bytes".formatted(SIZE_MAX);
        return cause == null
                ? new ProblemException(ProblemCode.TOO_LARGE, words)
                : new ProblemException(ProblemCode.TOO_LARGE, words, cause);
    }
}

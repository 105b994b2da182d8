package io.vnvme.control.api;

import io.helidon.http.media.ReadableEntity;
import io.helidon.webserver.http.ServerRequest;

/** The body of a request, which is kept so that whoever comes later reads it as well. It is small: the server sees to that. */
final class Bodies {
    private Bodies() {}

    static byte[] of(ServerRequest request) {
        ReadableEntity content = request.content();
        if (!content.hasEntity()) {
            return new byte[0];
        }
        content.buffer();
        return content.as(byte[].class);
    }
}

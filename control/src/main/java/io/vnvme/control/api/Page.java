package io.vnvme.control.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list. It is in the order of names, so that what is made or removed between two parts moves nothing; a list
 * that is given whole keeps its own order.
 */
final class Page {
    static final int SIZE_MAX = 1000;

    private Page() {}

    /**
     * The part that was asked for; its {@code Link} header leads to the next.
     *
     * @param limit how many, 1 to {@link #SIZE_MAX}; absent: as many as that
     * @param after the key of the last that is known; absent: from the first
     */
    static <T, K extends Comparable<K>> List<T> of(
            List<T> all,
            Function<T, K> key,
            @Nullable Integer limit,
            @Nullable K after,
            ServerRequest request,
            ServerResponse response) {
        if (limit != null && (limit < 1 || limit > SIZE_MAX)) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "a limit of %d: it is 1 to %d".formatted(limit, SIZE_MAX));
        }
        if (limit == null && after == null && all.size() <= SIZE_MAX) {
            return all;
        }
        int size = limit == null ? SIZE_MAX : limit;
        List<T> rest = all.stream()
                .filter(e -> after == null || key.apply(e).compareTo(after) > 0)
                .sorted(Comparator.comparing(key))
                .toList();
        if (rest.size() <= size) {
            return rest;
        }
        List<T> page = rest.subList(0, size);
        response.header(
                HeaderNames.LINK,
                "<%s?limit=%d&after=%s%s>; rel=\"next\""
                        .formatted(
                                request.path().rawPath(),
                                size,
                                encoded(String.valueOf(key.apply(page.getLast()))),
                                filters(request)));
        return page;
    }

    /** What the list was asked for besides, as it goes on in the next part. */
    private static String filters(ServerRequest request) {
        return request.query().names().stream()
                .filter(name -> !name.equals("limit") && !name.equals("after"))
                .map(name -> "&%s=%s"
                        .formatted(encoded(name), encoded(request.query().get(name))))
                .collect(Collectors.joining());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}

package io.vnvme.control.api;

import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.service.Tags;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code ETag} and {@code If-Match} (RFC 9110, section 13.1.1): who changes a resource can say which state of it they have
 * seen, and is refused when it is another by now.
 *
 * <p>Whoever has such a condition is alone with the resource from the comparison to the answer; those without one are only
 * kept out meanwhile, and go on beside each other.
 */
final class Preconditions implements Filter {
    private static final Pattern RESOURCE =
            Pattern.compile("/api/v1/(drives|pools|vnvmes|snapshots|groups)/([^/]+)(/[^/]+)?");
    /** The third group of {@link #RESOURCE}. */
    private static final int ACTION = 3;

    private final Tags tags;
    /** For each resource that was there when somebody changed it. */
    private final Map<String, ReadWriteLock> locks = new ConcurrentHashMap<>();

    Preconditions(Tags tags) {
        this.tags = tags;
    }

    /** Whether requests to change what {@code path} names may have conditions. */
    static boolean covers(String path) {
        return RESOURCE.matcher(path).matches();
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        Matcher resource = RESOURCE.matcher(request.path().path());
        boolean named = resource.matches();
        if (Entrance.SAFE.contains(request.prologue().method())) {
            if (named
                    && resource.group(ACTION) == null
                    && request.prologue().method().equals(Method.GET)) {
                tag(resource).ifPresent(tag -> response.header(HeaderNames.ETAG, tag));
            }
            chain.proceed();
            return;
        }
        Optional<String> condition = request.headers().value(HeaderNames.IF_MATCH);
        Optional<String> tag = named ? tag(resource) : Optional.empty();
        if (tag.isEmpty()) {
            condition.ifPresent(_ -> {
                throw new ProblemException(
                        ProblemCode.CHANGED_MEANWHILE, "If-Match names a state of something that is not there");
            });
            chain.proceed();
            return;
        }
        change(chain, resource, condition);
    }

    private Optional<String> tag(Matcher resource) {
        return tags.of(resource.group(1), resource.group(2));
    }

    private void change(FilterChain chain, Matcher resource, Optional<String> condition) {
        ReadWriteLock both =
                locks.computeIfAbsent(resource.group(1) + "/" + resource.group(2), _ -> new ReentrantReadWriteLock());
        Lock lock = condition.isPresent() ? both.writeLock() : both.readLock();
        lock.lock();
        try {
            condition.ifPresent(wanted -> check(wanted, tag(resource)));
            chain.proceed();
        } finally {
            lock.unlock();
        }
    }

    private static void check(String wanted, Optional<String> tag) {
        if (tag.isPresent()) {
            for (String one : wanted.split(",", -1)) {
                if (one.strip().equals("*") || one.strip().equals(tag.get())) {
                    return;
                }
            }
        }
        throw new ProblemException(
                ProblemCode.CHANGED_MEANWHILE, "somebody has changed this since you looked: look again, then decide");
    }
}

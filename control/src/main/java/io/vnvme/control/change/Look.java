package io.vnvme.control.change;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What there was at the last look, to say what differs at the next. */
final class Look {
    private static final Logger LOG = System.getLogger(Look.class.getName());

    private static final int FAILURES_TOLD = 4;

    private final Supplier<Map<Resource, Object>> resources;
    private final BiConsumer<Resource, String> changed;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Map<Resource, Object> last;
    private int failures;

    /** @param changed told of each difference, in the order of the resources, removals last */
    Look(Supplier<Map<Resource, Object>> resources, BiConsumer<Resource, String> changed) {
        this.resources = resources;
        this.changed = changed;
    }

    /** Looks. What cannot be looked at, since a pool is just going away, is looked at the next time. */
    void take() {
        lock.lock();
        try {
            Map<Resource, Object> now = resources.get();
            Map<Resource, Object> before = last;
            last = now;
            if (before != null) {
                compare(before, now);
            }
            failures = 0;
        } catch (RuntimeException e) {
            // One is a pool that is just going away.
            LOG.log(
                    ++failures == FAILURES_TOLD ? Level.WARNING : Level.DEBUG,
                    "looking for changes failed; it is done again",
                    e);
        } finally {
            lock.unlock();
        }
    }

    private void compare(Map<Resource, Object> before, Map<Resource, Object> now) {
        now.forEach((resource, content) -> {
            Object was = before.get(resource);
            if (was == null) {
                changed.accept(resource, "created");
            } else if (!was.equals(content)) {
                changed.accept(resource, "changed");
            }
        });
        before.keySet().stream()
                .filter(resource -> !now.containsKey(resource))
                // That an old event is no longer kept is no news.
                .filter(resource -> !resource.kind().equals("event"))
                .forEach(resource -> changed.accept(resource, "removed"));
    }
}

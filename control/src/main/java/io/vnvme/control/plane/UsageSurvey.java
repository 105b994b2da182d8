package io.vnvme.control.plane;

import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolException;
import io.vnvme.reactor.Home;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The space that many layers of a pool take, found one after the other: the reactor has one walk at a time to do. */
final class UsageSurvey {
    private final Home home;
    private final Pool pool;
    private final Iterator<String> names;
    private final Map<String, LayerUsage> found = new HashMap<>();
    private final CompletableFuture<Map<String, LayerUsage>> end = new CompletableFuture<>();

    private UsageSurvey(Home home, Pool pool, List<String> names) {
        this.home = home;
        this.pool = pool;
        this.names = names.iterator();
    }

    /** By name, without those that are not there. */
    static Map<String, LayerUsage> of(Home home, Pool pool, List<String> names) {
        UsageSurvey survey = new UsageSurvey(home, pool, names);
        home.execute(survey::next);
        return EngineFailure.translated(survey.end::join);
    }

    private void next() {
        try {
            if (!names.hasNext()) {
                end.complete(found);
                return;
            }
            String name = names.next();
            pool.operations()
                    .usage(
                            name,
                            u -> found.put(name, new LayerUsage(u.used(), u.shared(), u.exclusive())),
                            this::walked);
        } catch (RuntimeException e) {
            end.completeExceptionally(e);
        }
    }

    private void walked(@Nullable PoolException failure) {
        if (failure == null || failure.reason() == PoolException.Reason.NO_SUCH_NAME) {
            home.execute(this::next);
        } else {
            end.completeExceptionally(failure);
        }
    }
}

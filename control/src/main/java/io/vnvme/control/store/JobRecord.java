package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A job as it is kept.
 *
 * @param id its number
 * @param kind what it is
 * @param subject the volume, pool or drive it works on
 * @param startedBy who asked for it
 * @param state {@code running}, {@code done}, {@code failed} or {@code cancelled}
 * @param startedAt RFC 3339
 * @param resumedAt RFC 3339, when it last went on after a restart; absent: it never had to
 * @param endedAt RFC 3339; absent while it runs
 * @param doneBytes bytes it has worked through
 * @param totalBytes of so many; 0 when not known
 * @param bytesPerSecond since it began, or went on
 * @param cancellable whether it looks at being cancelled
 * @param result what it came to; absent while it runs
 * @param plan how it goes on after a restart; absent when it has ended
 */
@Json
public record JobRecord(
        long id,
        String kind,
        String subject,
        String startedBy,
        String state,
        String startedAt,
        @Nullable String resumedAt,
        @Nullable String endedAt,
        long doneBytes,
        long totalBytes,
        long bytesPerSecond,
        boolean cancellable,
        @Nullable String result,
        @Nullable JobPlan plan) {
    public static final String RUNNING = "running";
    private static final Set<String> ENDED = Set.of("done", "failed", "cancelled");
    /** What JSON numbers carry exactly everywhere. */
    private static final long ID_MAX = (1L << 53) - 1;

    public boolean running() {
        return state.equals(RUNNING);
    }

    /** @throws RuntimeException when it makes no sense */
    void check() {
        if (id < 1 || id > ID_MAX || (doneBytes | totalBytes | bytesPerSecond) < 0) {
            throw new IllegalArgumentException("a number of job %d makes no sense".formatted(id));
        }
        Objects.requireNonNull(subject, "no subject");
        Objects.requireNonNull(startedBy, "nobody began it");
        Instant.parse(startedAt);
        if (resumedAt != null) {
            Instant.parse(resumedAt);
        }
        if (running()) {
            if (plan == null || !plan.kind().equals(kind)) {
                throw new IllegalArgumentException("job %d has no plan for %s".formatted(id, kind));
            }
        } else {
            Objects.requireNonNull(kind, "no kind");
            Instant.parse(Objects.requireNonNull(endedAt, "no end"));
            if (!ENDED.contains(state)) {
                throw new IllegalArgumentException("job %d is %s".formatted(id, state));
            }
        }
    }
}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Long work.
 *
 * @param id number of the job, which it keeps over restarts of the daemon
 * @param kind what it is: {@code export}, {@code import}, {@code shrink}, {@code rebuild}, {@code scrub}, {@code move}, {@code drain}
 * @param subject the volume, pool or drive it works on
 * @param state {@code running}, {@code done}, {@code failed}, {@code cancelled}, or {@code interrupted}: the daemon ended
 *     while it was under way, and it goes on when its pool is open
 * @param progress 0 to 1
 * @param step what it is at, of work in several steps; absent: it does not say
 * @param doneBytes bytes it has worked through
 * @param totalBytes of so many; 0 when not known
 * @param bytesPerSecond since it began, or went on
 * @param startedBy who asked for it, as the audit log names them; {@code daemon}: nobody, it was needed
 * @param startedAt RFC 3339
 * @param resumedAt RFC 3339, when it last went on after a restart of the daemon; absent: it never had to
 * @param endedAt RFC 3339; absent while it runs
 * @param result what it came to, or why it failed; absent while it runs
 * @param cancellable whether it can be cancelled now
 */
@Json
public record JobInfo(
        long id,
        String kind,
        String subject,
        String state,
        double progress,
        @Nullable String step,
        long doneBytes,
        long totalBytes,
        long bytesPerSecond,
        String startedBy,
        String startedAt,
        @Nullable String resumedAt,
        @Nullable String endedAt,
        @Nullable String result,
        boolean cancellable) {}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Long work.
 *
 * @param id number of the job
 * @param kind what it is: {@code export}, {@code import}, {@code shrink}, {@code rebuild}, {@code scrub}, {@code remove}
 * @param subject the volume, pool or drive it works on
 * @param state {@code running}, {@code done}, {@code failed} or {@code cancelled}
 * @param progress 0 to 1
 * @param doneBytes bytes it has worked through
 * @param totalBytes of so many; 0 when not known
 * @param bytesPerSecond since it began
 * @param startedAt RFC 3339
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
        long doneBytes,
        long totalBytes,
        long bytesPerSecond,
        String startedAt,
        @Nullable String endedAt,
        @Nullable String result,
        boolean cancellable) {}

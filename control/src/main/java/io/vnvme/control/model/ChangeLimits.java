package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Changes limits. What is absent stays as it is; 0 takes a limit away.
 *
 * @param readIops commands that read, a second
 * @param writeIops commands that write, a second
 * @param iops both together, a second
 * @param readBytes bytes that are read, a second
 * @param writeBytes bytes that are written, a second
 * @param bytes both together, a second
 * @param burstSeconds how many seconds' worth of each limit can be saved up, 0 to 3600
 * @param unlimited take all limits away first
 */
@Json
public record ChangeLimits(
        @Nullable Long readIops,
        @Nullable Long writeIops,
        @Nullable Long iops,
        @Nullable Long readBytes,
        @Nullable Long writeBytes,
        @Nullable Long bytes,
        @Nullable Integer burstSeconds,
        boolean unlimited) {
    /** Whether it changes nothing. */
    public boolean empty() {
        return equals(new ChangeLimits(null, null, null, null, null, null, null, false));
    }
}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Something that happened.
 *
 * @param number counts up by 1, over restarts of the daemon too
 * @param at RFC 3339
 * @param severity {@code info}, {@code warning} or {@code error}
 * @param kind stable name, such as {@code pool-full}: see the kinds of events
 * @param subject the drive, pool or volume
 * @param text one line for people
 * @param count how many it stands for: more than 1 when the same happened again and again
 */
@Json
public record EventInfo(long number, String at, String severity, String kind, String subject, String text, int count) {
    public EventInfo {
        // Written down before there was a count.
        count = Math.max(1, count);
    }
}

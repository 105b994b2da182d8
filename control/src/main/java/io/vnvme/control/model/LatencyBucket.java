package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Commands that took about as long as each other.
 *
 * @param upToUs the longest, in microseconds; the shortest is at most a sixteenth shorter
 * @param count how many
 */
@Json
public record LatencyBucket(double upToUs, long count) {}

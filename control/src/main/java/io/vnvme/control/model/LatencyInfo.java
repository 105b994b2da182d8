package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * How long the commands of a vNVMe took that ended in an interval.
 *
 * @param at the interval's end, RFC 3339
 * @param seconds its length
 * @param buckets by duration, ascending; those without commands are left out
 */
@Json
public record LatencyInfo(String at, double seconds, List<LatencyBucket> buckets) {}

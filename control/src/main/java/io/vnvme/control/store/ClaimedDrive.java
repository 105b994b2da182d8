package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * A drive under the daemon's control.
 *
 * @param name unique among drives
 * @param kind {@code ram}
 * @param sizeBytes capacity in bytes
 * @param claimedAt RFC 3339
 */
@Json
public record ClaimedDrive(String name, String kind, long sizeBytes, String claimedAt) {}

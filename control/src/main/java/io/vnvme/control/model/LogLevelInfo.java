package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A logger and what it writes.
 *
 * @param logger {@code root}, or the name of a package or class
 * @param level {@code error}, {@code warn}, {@code info}, {@code debug}, {@code trace}, or {@code inherit}
 * @param effective the level that counts: its own, or that of the nearest above it
 */
@Json
public record LogLevelInfo(String logger, String level, String effective) {}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Another level for a logger.
 *
 * @param logger {@code root}, or the name of a package or class
 * @param level {@code error}, {@code warn}, {@code info}, {@code debug}, {@code trace}, or {@code inherit}
 */
@Json
public record SetLogLevel(@Nullable String logger, @Nullable String level) {}

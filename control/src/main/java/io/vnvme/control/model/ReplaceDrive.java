package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a mirror's drive to be replaced.
 *
 * @param old the drive to leave, which may be missing
 * @param replacement a claimed drive in no pool
 */
@Json
public record ReplaceDrive(@Nullable String old, @Nullable String replacement) {}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * How long writes wait when a pool is full.
 *
 * @param seconds then they fail; 0: at once; absent: they wait until there is space
 */
@Json
public record HoldWrites(@Nullable Long seconds) {}

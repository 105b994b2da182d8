package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks a discovery controller what there is.
 *
 * @param address of it, {@code HOST} or {@code HOST:PORT}; without a port 8009, and 4420 when nobody is there
 */
@Json
public record Discover(@Nullable String address) {}

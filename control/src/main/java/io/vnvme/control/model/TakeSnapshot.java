package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a snapshot.
 *
 * @param name its name, without the volume's
 */
@Json
public record TakeSnapshot(@Nullable String name) {}

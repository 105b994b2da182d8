package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a volume to be again as a snapshot of it is.
 *
 * @param snapshot its name, without the volume's
 */
@Json
public record RollBack(@Nullable String snapshot) {}

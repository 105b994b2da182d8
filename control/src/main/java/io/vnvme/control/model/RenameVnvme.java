package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for another name.
 *
 * @param name the new one
 */
@Json
public record RenameVnvme(@Nullable String name) {}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a volume that begins as a snapshot.
 *
 * @param snapshot {@code VOLUME@SNAPSHOT}
 * @param name the new volume's name
 * @param msi as at creation
 */
@Json
public record CloneSnapshot(
        @Nullable String snapshot, @Nullable String name, boolean msi) {}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Where all that is in a pool is to lie.
 *
 * @param to name of another pool; absent: each goes to the one that has the most space then, of those
 *     that keep what is in them over a restart
 * @param snapshots snapshots go too
 */
@Json
public record DrainPool(@Nullable String to, boolean snapshots) {}

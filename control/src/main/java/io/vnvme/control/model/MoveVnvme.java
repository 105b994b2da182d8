package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Where a vNVMe is to lie.
 *
 * @param pool name of another pool
 * @param snapshots its snapshots go too
 */
@Json
public record MoveVnvme(@Nullable String pool, boolean snapshots) {}

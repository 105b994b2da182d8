package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A volume as it was at one moment; it never changes.
 *
 * @param name {@code VOLUME@SNAPSHOT}
 * @param volume the volume it was taken of
 * @param snapshot its own name
 * @param pool the pool it lies in
 * @param origin the snapshot that came before it in the tree; absent for the first
 * @param sizeBytes size of the volume then
 * @param usedBytes space of the pool that holds its data
 * @param sharedBytes of that, what another snapshot or volume holds too
 * @param exclusiveBytes of that, what its removal would give back
 * @param clones volumes that grow from it
 */
@Json
public record SnapshotInfo(
        String name,
        String volume,
        String snapshot,
        String pool,
        @Nullable String origin,
        long sizeBytes,
        long usedBytes,
        long sharedBytes,
        long exclusiveBytes,
        List<String> clones) {}

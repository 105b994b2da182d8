package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Drives joined, and what is on them.
 *
 * @param name its name
 * @param uuid its identity
 * @param layout {@code concat}, {@code stripe} or {@code mirror}
 * @param state {@code online}, {@code degraded} (a mirror without one of its drives), {@code full} (writes are held),
 *     {@code read-only} (after a doubt), {@code unavailable} or {@code exported}; see warnings
 * @param sizeBytes capacity for volumes and metadata, in bytes
 * @param usedBytes of that, what is taken
 * @param freeBytes of that, what is not
 * @param provisionedBytes the sizes of all volumes together
 * @param metadataBytes of the taken, what the pool needs for itself
 * @param members its drives
 * @param volumeCount volumes in it
 * @param snapshotCount snapshots in it
 * @param heldWriteCount writes that wait for space
 * @param holdSeconds how long a write waits for space before it fails; absent: until there is some
 * @param warnings what needs attention
 */
@Json
public record PoolInfo(
        String name,
        String uuid,
        String layout,
        String state,
        long sizeBytes,
        long usedBytes,
        long freeBytes,
        long provisionedBytes,
        long metadataBytes,
        List<PoolMember> members,
        int volumeCount,
        int snapshotCount,
        long heldWriteCount,
        @Nullable Long holdSeconds,
        List<String> warnings) {}

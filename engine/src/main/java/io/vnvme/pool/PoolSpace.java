package io.vnvme.pool;

/**
 * How a pool is filled, in clusters of 64 KiB unless said.
 *
 * @param total clusters of all sets
 * @param used by volumes, snapshots and metadata
 * @param pending freed, and given away again shortly
 * @param metadata of the used ones, those of metadata
 * @param reserved kept for thick volumes, and not used yet
 * @param available what new data can take
 * @param mapBytes memory that the maps take, in bytes
 * @param heldWrites writes that wait for space
 */
public record PoolSpace(
        long total,
        long used,
        long pending,
        long metadata,
        long reserved,
        long available,
        long mapBytes,
        int heldWrites) {}

package io.vnvme.control.plane;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * An open pool at a moment.
 *
 * @param sizeBytes capacity for volumes and their metadata
 * @param usedBytes of that, what is taken
 * @param metadataBytes of the taken, what the pool needs for itself
 * @param heldWriteCount writes that wait for space
 * @param holdMillis how long they wait at most; {@link Long#MAX_VALUE}: until there is some
 * @param doubt why it is read-only; nothing when it is not
 */
public record PoolFacts(
        String layout,
        long sizeBytes,
        long usedBytes,
        long metadataBytes,
        long heldWriteCount,
        long holdMillis,
        List<Member> members,
        Optional<String> doubt) {
    /** @param state {@code ok}, {@code rebuilding}, {@code missing} or {@code failed} */
    public record Member(UUID drive, int set, String state) {}

    public long freeBytes() {
        return Math.max(0, sizeBytes - usedBytes);
    }
}

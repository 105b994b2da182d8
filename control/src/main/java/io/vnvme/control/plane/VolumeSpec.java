package io.vnvme.control.plane;

import java.time.Instant;
import java.util.UUID;

/**
 * A volume to be made.
 *
 * @param attributes what the control plane keeps with it, at most 2048 bytes
 */
@SuppressWarnings("ArrayRecordComponent")
public record VolumeSpec(
        String name,
        UUID id,
        long sizeBytes,
        int blockSizeBytes,
        boolean thick,
        boolean checksum,
        Instant createdAt,
        byte[] attributes) {}

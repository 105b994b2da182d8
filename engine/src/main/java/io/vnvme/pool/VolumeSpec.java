package io.vnvme.pool;

import java.util.UUID;

/**
 * A volume to be created.
 *
 * @param name without '@'
 * @param sizeBytes a multiple of 4096
 * @param blockSizeBytes logical block size that hosts see: 512 or 4096
 * @param thick whether the space of all of it is set aside
 * @param checksums whether each block of data has a CRC32C
 * @param attributes what the owner keeps with it
 */
@SuppressWarnings("ArrayRecordComponent")
public record VolumeSpec(
        String name,
        UUID uuid,
        long sizeBytes,
        int blockSizeBytes,
        boolean thick,
        boolean checksums,
        long createdAtMillis,
        byte[] attributes) {}

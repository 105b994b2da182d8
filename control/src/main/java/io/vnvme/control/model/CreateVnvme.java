package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a virtual NVMe drive.
 *
 * @param name its name: 1 to 40 of a-z, 0-9, '.', '_' and '-', the first a letter or digit
 * @param sizeBytes capacity in bytes, a multiple of 4096
 * @param drive the claimed drive to lie on; absent: the one with the most free space
 * @param msi offer MSI instead of MSI-X interrupts, so that every QEMU can unplug it
 * @param blockSizeBytes logical block size, 512 or 4096; absent: 512
 */
@Json
public record CreateVnvme(
        @Nullable String name,
        long sizeBytes,
        @Nullable String drive,
        boolean msi,
        @Nullable Integer blockSizeBytes) {}

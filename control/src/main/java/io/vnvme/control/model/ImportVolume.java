package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a new vNVMe with the content of a file on the daemon's host.
 *
 * @param file raw, or any format that qemu-img reads
 * @param format {@code raw}, {@code qcow2} ...; absent: told from the file
 * @param vnvme what it shall be; a size of 0: the file's
 */
@Json
public record ImportVolume(
        @Nullable String file,
        @Nullable String format,
        @Nullable CreateVnvme vnvme) {}

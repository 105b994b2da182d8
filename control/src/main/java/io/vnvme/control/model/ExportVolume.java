package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a volume or snapshot to be copied into a file on the daemon's host. A volume is copied as it is at that moment,
 * whatever its guest does then.
 *
 * @param source {@code VOLUME} or {@code VOLUME@SNAPSHOT}
 * @param file to be made; it must not be there
 * @param format {@code raw} (default) or {@code qcow2}
 * @param key what opens an encrypted one; the file is not encrypted
 */
@Json
public record ExportVolume(
        @Nullable String source,
        @Nullable String file,
        @Nullable String format,
        @Nullable KeySource key) {}

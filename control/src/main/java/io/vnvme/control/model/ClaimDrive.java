package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks the daemon to take control of a drive.
 *
 * @param spec the name of an available drive, such as {@code ram0}
 */
@Json
public record ClaimDrive(@Nullable String spec) {}

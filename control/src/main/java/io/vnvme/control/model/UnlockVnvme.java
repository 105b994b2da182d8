package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Opens an encrypted volume after a start of the daemon.
 *
 * @param key what opens it
 */
@Json
public record UnlockVnvme(@Nullable KeySource key) {}

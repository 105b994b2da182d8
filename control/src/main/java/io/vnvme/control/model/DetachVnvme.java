package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a vNVMe to be taken out of its VM.
 *
 * @param force do not wait for the guest's consent: what it has in flight fails
 * @param waitMs how long to wait for the guest to let go, in milliseconds; absent: 30000
 */
@Json
public record DetachVnvme(boolean force, @Nullable Integer waitMs) {}

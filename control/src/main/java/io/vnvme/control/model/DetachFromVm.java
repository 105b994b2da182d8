package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a vNVMe to be taken out of a VM.
 *
 * @param vnvme name of the vNVMe
 * @param force do not wait for the guest's consent: what it has in flight fails
 * @param waitMs how long to wait for the guest to let go, in milliseconds; absent: 30000
 */
@Json
public record DetachFromVm(
        @Nullable String vnvme, boolean force, @Nullable Integer waitMs) {}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Changes how a vNVMe is reached; what is absent stays.
 *
 * @param shared whether a VM and hosts over TCP may have it at the same time; only while nobody has it
 * @param group its ANA group, 1 to 128
 */
@Json
public record ChangeAccess(
        @Nullable Boolean shared, @Nullable Integer group) {}

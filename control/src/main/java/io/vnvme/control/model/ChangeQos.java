package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Changes what a vNVMe may do. What is absent stays as it is.
 *
 * @param limits of its own
 * @param weight its share where there is not enough for all, 1 to 1000
 * @param group that it joins; empty: it leaves the one that it is in
 */
@Json
public record ChangeQos(
        @Nullable ChangeLimits limits,
        @Nullable Integer weight,
        @Nullable String group) {}

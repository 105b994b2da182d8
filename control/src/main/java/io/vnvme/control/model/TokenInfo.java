package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * A token, without its secret, which nobody has but whoever was given it.
 *
 * @param name who or what uses it
 * @param role {@code viewer}, {@code operator} or {@code admin}
 * @param createdAt RFC 3339
 * @param expiresAt RFC 3339; absent: never
 */
@Json
public record TokenInfo(
        String name,
        String role,
        String createdAt,
        @Nullable String expiresAt) {}

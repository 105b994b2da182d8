package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * A token as it is kept.
 *
 * @param name who or what uses it
 * @param role a {@link io.vnvme.control.model.Role} by its text
 * @param hash SHA-256 of the secret, 64 hexadecimal digits; the secret has 256 random bits, so that nothing slower is needed
 * @param createdAt RFC 3339
 * @param expiresAt RFC 3339; absent: never
 */
@Json
public record TokenRecord(
        String name,
        String role,
        String hash,
        String createdAt,
        @Nullable String expiresAt) {}

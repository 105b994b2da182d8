package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a token.
 *
 * @param name who or what will use it
 * @param role {@code viewer}, {@code operator} or {@code admin}
 * @param expiresSeconds how long it is good for, from now; absent: until it is removed
 */
@Json
public record CreateToken(
        @Nullable String name,
        @Nullable String role,
        @Nullable Long expiresSeconds) {}

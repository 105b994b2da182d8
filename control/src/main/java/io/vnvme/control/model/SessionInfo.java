package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Who asks.
 *
 * @param name of the token; {@code user NAME} over the Unix socket
 * @param role {@code viewer}, {@code operator} or {@code admin}
 * @param via {@code socket}, {@code token} or {@code session}
 * @param csrf in a session: what each request that changes something must carry as {@code X-CSRF-Token}
 */
@Json
public record SessionInfo(
        String name, String role, String via, @Nullable String csrf) {}

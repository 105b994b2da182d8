package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Begins a session of a browser.
 *
 * @param token the secret of a token
 */
@Json
public record SignIn(@Nullable String token) {
    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "SignIn[]";
    }
}

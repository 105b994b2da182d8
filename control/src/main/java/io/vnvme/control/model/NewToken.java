package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A token that was just made.
 *
 * @param token what is kept of it
 * @param secret what its bearer sends; it is shown only here
 */
@Json
public record NewToken(TokenInfo token, String secret) {
    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "NewToken[%s]".formatted(token);
    }
}

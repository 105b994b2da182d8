package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Makes another daemon known to this one.
 *
 * @param name by which it is called here
 * @param address {@code HOST[:PORT]} where it serves its API over TLS; 8443 when no port is said
 * @param token the secret of a token that was made there, an operator's or an admin's
 * @param fingerprint SHA-256 of its certificate; absent: what is shown there now is taken, for the person to compare
 */
@Json
public record AddPeer(
        @Nullable String name,
        @Nullable String address,
        @Nullable String token,
        @Nullable String fingerprint) {
    /** A request that is printed must not print a secret. */
    @Override
    public String toString() {
        return "AddPeer[%s, %s]".formatted(name, address);
    }
}

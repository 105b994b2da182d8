package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * Another daemon, as this one was told of it.
 *
 * @param name by which it is called here
 * @param address {@code HOST:PORT} of its API over TLS
 * @param fingerprint SHA-256 of the certificate it shows: pairs of hexadecimal digits with colons
 * @param token the secret that lets this daemon in there
 */
@Json
public record PeerRecord(String name, String address, String fingerprint, String token) {
    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "PeerRecord[%s, %s, %s]".formatted(name, address, fingerprint);
    }
}

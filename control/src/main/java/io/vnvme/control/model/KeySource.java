package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * What opens an encrypted volume: one of the two.
 *
 * @param file path of a key file on the daemon's host, which the daemon reads again at each start
 * @param passphrase which is asked for again after each start of the daemon
 */
@Json
public record KeySource(@Nullable String file, @Nullable String passphrase) {
    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return file == null ? "KeySource[passphrase]" : "KeySource[file=%s]".formatted(file);
    }
}

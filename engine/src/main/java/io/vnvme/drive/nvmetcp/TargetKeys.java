package io.vnvme.drive.nvmetcp;

import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.fabrics.tls.TlsKey;
import java.util.Optional;

/**
 * By which keys this host and a target show each other who they are.
 *
 * @param chap for DH-HMAC-CHAP, when the target demands it; with a controller's key, always
 * @param tls for TLS, where that is wanted
 */
public record TargetKeys(Optional<Credentials> chap, Optional<TlsKey> tls) {
    public static final TargetKeys NONE = new TargetKeys(Optional.empty(), Optional.empty());

    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "TargetKeys[]";
    }
}

package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Keys by which a host and a vNVMe show each other who they are. What is absent stays as it is, an empty text removes.
 *
 * @param dhchap the host's key for DH-HMAC-CHAP, {@code DHHC-1:...}, as {@code nvme gen-dhchap-key} makes them
 * @param controller the vNVMe's key towards this host, likewise
 * @param hash that has to be used: sha256, sha384 or sha512
 * @param group that has to be used: null, ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144 or ffdhe8192
 * @param tls the key of both for TLS, {@code NVMeTLSkey-1:...}, as {@code nvme gen-tls-key} makes them
 */
@Json
public record SetHostKeys(
        @Nullable String dhchap,
        @Nullable String controller,
        @Nullable String hash,
        @Nullable String group,
        @Nullable String tls) {
    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "SetHostKeys[]";
    }
}

package io.vnvme.fabrics.tls;

import io.vnvme.fabrics.auth.DhHash;
import java.util.Optional;

/** Hash functions of TLS keys by their identifier, and the cipher suite that goes with each. */
enum TlsHash {
    SHA_256(DhHash.SHA_256, 0x1301),
    SHA_384(DhHash.SHA_384, 0x1302);

    private final DhHash hash;
    private final int suite;

    TlsHash(DhHash hash, int suite) {
        this.hash = hash;
        this.suite = suite;
    }

    DhHash hash() {
        return hash;
    }

    int id() {
        return hash.id();
    }

    int bytes() {
        return hash.bytes();
    }

    /** TLS_AES_128_GCM_SHA256 or TLS_AES_256_GCM_SHA384 (RFC 8446, B.4). */
    int suite() {
        return suite;
    }

    static Optional<TlsHash> of(int id) {
        return DhHash.of(id).flatMap(hash -> forBytes(hash.bytes()));
    }

    static Optional<TlsHash> forBytes(int bytes) {
        for (TlsHash each : values()) {
            if (each.bytes() == bytes) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }
}

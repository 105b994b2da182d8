package io.vnvme.fabrics.tls;

/**
 * A pre-shared key as TLS uses it.
 *
 * @param identity by which a host names it
 * @param key secret
 * @param suite cipher suite, two bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TlsPsk(String identity, byte[] key, int suite) {
    /** Its cipher suite as libssl calls it. */
    String suiteName() {
        return TlsHash.SHA_256.suite() == suite ? "TLS_AES_128_GCM_SHA256" : "TLS_AES_256_GCM_SHA384";
    }

    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "TlsPsk[%s]".formatted(identity);
    }
}

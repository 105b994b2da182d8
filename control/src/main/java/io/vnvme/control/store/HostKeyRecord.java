package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.fabrics.auth.DhGroup;
import io.vnvme.fabrics.auth.DhHash;
import io.vnvme.fabrics.tls.TlsKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a host and a vNVMe know of each other, so that one can show the other who it is.
 *
 * @param subsystem NQN of the vNVMe
 * @param host NQN of the host
 * @param dhchap the host's key for DH-HMAC-CHAP
 * @param controller the vNVMe's towards this host
 * @param hash that has to be used; absent: any
 * @param group that has to be used; absent: any
 * @param tls the key of both for TLS
 */
@Json
public record HostKeyRecord(
        String subsystem,
        String host,
        @Nullable String dhchap,
        @Nullable String controller,
        @Nullable String hash,
        @Nullable String group,
        @Nullable String tls) {
    /**
     * What the host has to know; nothing when there is no key of it.
     *
     * @throws IllegalArgumentException that says which of them makes no sense, without repeating a key
     */
    public Optional<ChapTerms> terms() {
        if (dhchap == null) {
            if (controller != null || hash != null || group != null) {
                throw new IllegalArgumentException(
                        "without a key of the host, what goes with it is of no use: give that, or remove all");
            }
            return Optional.empty();
        }
        return Optional.of(new ChapTerms(
                ChapKey.parse(dhchap),
                Optional.ofNullable(controller).map(ChapKey::parse),
                Optional.ofNullable(hash).map(word -> known("hash", word, DhHash.named(word))),
                Optional.ofNullable(group).map(word -> known("group", word, DhGroup.named(word)))));
    }

    /** The key for TLS. @throws IllegalArgumentException as {@link #terms} */
    public Optional<TlsKey> tlsKey() {
        return Optional.ofNullable(tls).map(TlsKey::parse);
    }

    private static <T> T known(String kind, String word, Optional<T> found) {
        return found.orElseThrow(() -> new IllegalArgumentException("no %s is called '%s'".formatted(kind, word)));
    }

    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "HostKeyRecord[%s, %s]".formatted(subsystem, host);
    }
}

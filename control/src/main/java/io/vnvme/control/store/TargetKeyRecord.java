package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.vnvme.drive.nvmetcp.TargetKeys;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.fabrics.tls.TlsKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What this host and a target know of each other, so that one can show the other who it is.
 *
 * @param subsystem NQN of what lies there
 * @param dhchap this host's key for DH-HMAC-CHAP
 * @param controller the target's towards this host
 * @param tls the key of both for TLS
 */
@Json
public record TargetKeyRecord(
        String subsystem,
        @Nullable String dhchap,
        @Nullable String controller,
        @Nullable String tls) {
    /** @throws IllegalArgumentException that says which of them makes no sense, without repeating a key */
    public TargetKeys keys() {
        if (dhchap == null && controller != null) {
            throw new IllegalArgumentException(
                    "a target shows its key to hosts that show theirs: give this host's (dhchap) as well");
        }
        Optional<Credentials> chap = dhchap == null
                ? Optional.empty()
                : Optional.of(new Credentials(
                        ChapKey.parse(dhchap), Optional.ofNullable(controller).map(ChapKey::parse)));
        return new TargetKeys(chap, Optional.ofNullable(tls).map(TlsKey::parse));
    }

    /** A record that is printed must not print a secret. */
    @Override
    public String toString() {
        return "TargetKeyRecord[%s]".formatted(subsystem);
    }
}

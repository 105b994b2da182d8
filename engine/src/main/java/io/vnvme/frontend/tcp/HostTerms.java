package io.vnvme.frontend.tcp;

import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.fabrics.tls.TlsKey;
import java.util.Optional;

/**
 * How a host that is admitted has to show who it is.
 *
 * @param authenticate it has to, by DH-HMAC-CHAP, on each queue
 * @param chap what it has to know for that; when it has not to authenticate, it may
 * @param encrypt its connections have to be by TLS
 * @param tls the key of those, which it may use in any case
 */
public record HostTerms(boolean authenticate, Optional<ChapTerms> chap, boolean encrypt, Optional<TlsKey> tls) {
    /** What it says of itself is enough. */
    public static final HostTerms NONE = new HostTerms(false, Optional.empty());

    /** Without TLS. */
    public HostTerms(boolean authenticate, Optional<ChapTerms> chap) {
        this(authenticate, chap, false, Optional.empty());
    }

    /** Why a host that comes like this cannot be let in; empty when it can. */
    String refusal(boolean encrypted) {
        if (encrypt && tls.isEmpty()) {
            return "it has to use TLS, and there is no key of it for that";
        }
        if (encrypt && !encrypted) {
            return "it has to use TLS, and does not";
        }
        return authenticate && chap.isEmpty() ? "it has to authenticate, and there is no key of it" : "";
    }
}

package io.vnvme.frontend.tcp;

import io.vnvme.fabrics.auth.ChapTerms;
import java.util.Optional;

/**
 * How a host that is admitted has to show who it is.
 *
 * @param authenticate it has to, by DH-HMAC-CHAP, on each queue
 * @param chap what it has to know for that; when it has not to authenticate, it may
 */
public record HostTerms(boolean authenticate, Optional<ChapTerms> chap) {
    /** What it says of itself is enough. */
    public static final HostTerms NONE = new HostTerms(false, Optional.empty());

    /** Why nobody can be let in by these; empty when somebody can. */
    String impossible() {
        return authenticate && chap.isEmpty() ? "it has to authenticate, and there is no key of it" : "";
    }
}

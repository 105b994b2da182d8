package io.vnvme.control.store;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the hosts of a vNVMe have to show who they are. */
public enum Demand {
    /** By all that there are keys for. */
    AUTO,
    /** Not at all: their word is enough. */
    NONE,
    /** By DH-HMAC-CHAP, whether or not there is a key of them. */
    DHCHAP,
    /** By coming with a key over TLS. */
    TLS,
    /** By both. */
    BOTH;

    public static Optional<Demand> of(@Nullable String word) {
        for (Demand demand : values()) {
            if (demand.toString().equals(word)) {
                return Optional.of(demand);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

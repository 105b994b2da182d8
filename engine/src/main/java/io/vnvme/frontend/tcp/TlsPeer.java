package io.vnvme.frontend.tcp;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whose key a host connects with, as the identity of that says (NVM Express TCP Transport 1.0, 3.6.1.4).
 *
 * @param subsystemNqn what the key is for
 */
record TlsPeer(String hostNqn, String subsystemNqn) {
    private static final Pattern SHAPE =
            Pattern.compile("NVMe[01]R0[12] ([\\x21-\\x7e]+) ([\\x21-\\x7e]+)( [A-Za-z0-9+/=]+)?");

    static Optional<TlsPeer> of(String identity) {
        Matcher shape = SHAPE.matcher(identity);
        return shape.matches() ? Optional.of(new TlsPeer(shape.group(1), shape.group(2))) : Optional.empty();
    }
}

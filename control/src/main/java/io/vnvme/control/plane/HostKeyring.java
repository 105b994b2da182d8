package io.vnvme.control.plane;

import io.vnvme.frontend.tcp.HostTerms;

/** Says how hosts have to show who they are. Called on any thread, reactors too: it answers at once. */
@FunctionalInterface
public interface HostKeyring {
    /** Where nobody has to. */
    HostKeyring NONE = (_, _) -> HostTerms.NONE;

    HostTerms terms(String subsystemNqn, String hostNqn);
}

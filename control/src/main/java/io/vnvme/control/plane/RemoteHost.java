package io.vnvme.control.plane;

import io.vnvme.drive.nvmetcp.HostIdentity;
import io.vnvme.drive.nvmetcp.RemoteTrust;
import io.vnvme.drive.nvmetcp.TargetKeys;
import io.vnvme.fabrics.auth.AuthWorkers;
import java.util.function.Supplier;

/**
 * This host towards targets.
 *
 * @param keyring as it is now
 * @param workers compute what authentication needs
 */
record RemoteHost(HostIdentity identity, Supplier<TargetKeyring> keyring, AuthWorkers workers) {
    /** The same with keys that nobody else uses, and that are kept nowhere. */
    RemoteHost with(TargetKeys keys) {
        return new RemoteHost(identity, () -> _ -> keys, workers);
    }

    RemoteTrust trust(String subsystemNqn) {
        return new RemoteTrust(() -> keyring.get().keys(subsystemNqn), work -> workers.run(subsystemNqn, work));
    }
}

package io.vnvme.control.plane;

import io.vnvme.drive.nvmetcp.TargetKeys;

/** Knows by which keys this host and a target show each other who they are. Called on any thread, reactors too: it answers at once. */
@FunctionalInterface
public interface TargetKeyring {
    /** Without keys. */
    TargetKeyring NONE = _ -> TargetKeys.NONE;

    /** The same object as long as they are the same. */
    TargetKeys keys(String subsystemNqn);
}

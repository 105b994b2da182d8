package io.vnvme.control.plane;

/** Told of hosts that wanted what they may not have. Called on any thread, which does not wait for long. */
@FunctionalInterface
public interface HostRefusals {
    /**
     * @param subsystemNqn what it wanted
     * @param hostNqn who it says it is
     * @param peer where it came from
     */
    void refused(String subsystemNqn, String hostNqn, String peer, String why);
}

package io.vnvme.control.plane;

/** Told of hosts that wanted what they may not have, or did what they should not. Called on any thread, which does not wait for long. */
public interface HostRefusals {
    /**
     * @param subsystemNqn what it wanted
     * @param hostNqn who it says it is
     * @param peer where it came from
     */
    void refused(String subsystemNqn, String hostNqn, String peer, String why);

    /** A connection from there broke the protocol, or said nothing. */
    void dropped(String peer, String why);
}

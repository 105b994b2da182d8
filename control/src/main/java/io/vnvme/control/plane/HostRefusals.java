package io.vnvme.control.plane;

/** Told of hosts that wanted what they may not have, or did what they should not, and asked whether that is for good. Called on any thread, which does not wait for long. */
public interface HostRefusals {
    /**
     * @param subsystemNqn what it wanted
     * @param hostNqn who it says it is
     * @param peer where it came from
     */
    void refused(String subsystemNqn, String hostNqn, String peer, String why);

    /** Whether that host may have that subsystem, which is not served now. Does not wait. */
    boolean returns(String subsystemNqn, String hostNqn);

    /** A connection from there broke the protocol, or said nothing. */
    void dropped(String peer, String why);
}

package io.vnvme.frontend.tcp;

/** What happens at a target beside what hosts see of it, and what it does not know itself. Called on any reactor. */
public interface TargetEvents {
    /** A host was refused: the subsystem is not there, or not for it. */
    void refused(String subsystemNqn, String hostNqn, String peer, String why);

    /**
     * Whether that host may have that subsystem, which is not there now, at another time: it is told to come again then, since
     * hosts give up a drive with all that is in it when a refusal is for good.
     */
    boolean returns(String subsystemNqn, String hostNqn);

    /** A Connect command got an error: one of {@link #refused}, or one that makes no sense now. */
    void turnedAway(String peer, String why);

    /** A peer broke the protocol, or did not say in time what it wants; its connection has ended. */
    void dropped(String peer, String why);

    /** A defect, or a lack of descriptors. It cost a host its connection at most. */
    void failed(Throwable failure);
}

package io.vnvme.pool.mirror;

/** What a replica's content is worth. */
public enum ReplicaState {
    /** Has all that was acknowledged. */
    CURRENT(1),
    /** Gets every write, and is being filled with what it does not have yet; nothing is read from it. */
    REBUILDING(2),
    /** Takes no part: it lacks what was written since it failed. */
    STALE(3);

    private final int code;

    ReplicaState(int code) {
        this.code = code;
    }

    /** The number in a mirror area. */
    int code() {
        return code;
    }

    static ReplicaState of(int code) {
        for (ReplicaState state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        throw new MirrorException("a replica in state %d is not known to this version".formatted(code));
    }
}

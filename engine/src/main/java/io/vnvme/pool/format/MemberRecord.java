package io.vnvme.pool.format;

import java.util.UUID;

/**
 * A drive of a pool as the pool's superblocks describe it.
 *
 * @param drive the drive's identity
 * @param set index of the set that it belongs to
 * @param replica index among the drives of that set
 * @param state whether its content is what the set's is
 */
public record MemberRecord(UUID drive, int set, int replica, State state) {
    static final int SIZE = 32;

    /** Whether a replica holds what its set holds. */
    public enum State {
        /** All of it. */
        CURRENT(1),
        /** What its set held when it was lost: it gets what differs when it is back. */
        STALE(2),
        /** Not yet: it is being filled. */
        REBUILDING(3);

        private final int code;

        State(int code) {
            this.code = code;
        }

        /** The number in a superblock. */
        int code() {
            return code;
        }

        static State of(int code) {
            for (State state : values()) {
                if (state.code == code) {
                    return state;
                }
            }
            throw new FormatException("state %d of a drive is not known".formatted(code));
        }
    }

    public MemberRecord withState(State value) {
        return new MemberRecord(drive, set, replica, value);
    }
}

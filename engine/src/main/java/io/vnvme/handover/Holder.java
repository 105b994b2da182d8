package io.vnvme.handover;

import java.time.Duration;

/**
 * Keeps open files, each under a name, beyond the life of this process. From any thread.
 *
 * <p>When a method returns, what it asked for will be done even if this process is killed at that moment.
 */
public interface Holder {
    /** Nobody: what this process has ends with it. */
    Holder NONE = new Holder() {
        @Override
        public void keep(String name, int fdNumber) {
            // Nobody keeps it.
        }

        @Override
        public void drop(String prefix) {
            // Nobody has it.
        }
    };

    /** Keeps an open file, whose descriptor stays the caller's, in place of what had that name. */
    void keep(String name, int fdNumber);

    /** Lets go of everything whose name begins so. */
    void drop(String prefix);

    /** This process waits for something outside, for so long at most: that is not counted as its own slowness. */
    default void waits(Duration limit) {
        // Nobody counts.
    }

    /** The same with names that all begin with {@code prefix}. */
    default Holder under(String prefix) {
        Holder outer = this;
        return new Holder() {
            @Override
            public void keep(String name, int fdNumber) {
                outer.keep(prefix + name, fdNumber);
            }

            @Override
            public void drop(String within) {
                outer.drop(prefix + within);
            }

            @Override
            public void waits(Duration limit) {
                outer.waits(limit);
            }
        };
    }
}

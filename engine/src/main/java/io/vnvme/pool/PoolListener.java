package io.vnvme.pool;

/** Told of what an administrator should know of a pool. On the pool's reactor: it hands on and returns. */
public interface PoolListener {
    /** The pool stopped itself: nothing is written any more, what can be read is. */
    void stopped(String why);

    /** Space in use rose to this part of the whole, or fell below it: 70, 85 or 95 percent. */
    void filled(int percent, boolean above);

    /** Writes wait for space ({@code count} of them), or none does any more (0). */
    void held(int count);

    /** Background work, such as giving back the space of what was removed, began or ended. */
    default void tidying(boolean busy) {}

    PoolListener NONE = new PoolListener() {
        @Override
        public void stopped(String why) {}

        @Override
        public void filled(int percent, boolean above) {}

        @Override
        public void held(int count) {}
    };
}

package io.vnvme.pool.mirror;

import java.lang.foreign.MemorySegment;

/**
 * Says which of several replicas' blocks is right after a crash, by what is known of the data apart from them. What it does not
 * know is decided by the order of the replicas.
 */
public interface BlockJudge {
    /** Knows nothing. */
    BlockJudge NONE = new BlockJudge() {
        @Override
        public boolean ready(long offsetBytes, long lengthBytes) {
            return true;
        }

        @Override
        public boolean right(long offsetBytes, MemorySegment block) {
            return false;
        }

        @Override
        public void over() {}
    };

    /**
     * Asked before a range is held: what has to be read, or written, to judge it is under way when this is false, and it is asked
     * again. {@link #right} must not wait for anything, since writes to the range do.
     */
    boolean ready(long offsetBytes, long lengthBytes);

    /**
     * @return true when the 4 KiB in {@code block} are certainly what belongs at {@code offsetBytes} of the mirror, and anything
     *     else is certainly not
     */
    boolean right(long offsetBytes, MemorySegment block);

    /** Nobody asks any more: replicas are equal. */
    void over();
}

package io.vnvme.pool.mirror;

import java.lang.foreign.MemorySegment;

/**
 * What is known of a mirror's blocks apart from its replicas: which of them has the right one after a crash, and whether
 * somebody needs it. What it does not know is decided by the order of the replicas.
 */
public interface BlockJudge {
    /** Whether somebody may read a block that was not written since. */
    enum Need {
        NEEDED,
        UNNEEDED,
        /** Asked again, it will be known. */
        NOT_KNOWN_YET
    }

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
        public Need need(long offsetBytes) {
            return Need.NEEDED;
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

    /** Asked about a block that no replica can read. A crash does not turn what was answered into something else. */
    Need need(long offsetBytes);

    /** Nobody asks any more which is right: replicas are equal. */
    void over();
}

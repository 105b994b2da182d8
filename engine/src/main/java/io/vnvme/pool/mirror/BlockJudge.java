package io.vnvme.pool.mirror;

import java.lang.foreign.MemorySegment;

/** Says which of several replicas' blocks is right, by what is known of the data apart from them. */
@FunctionalInterface
public interface BlockJudge {
    /** Knows nothing. */
    BlockJudge NONE = (offsetBytes, block) -> false;

    /** @return true when the 4 KiB in {@code block} are certainly what belongs at {@code offsetBytes} of the mirror */
    boolean right(long offsetBytes, MemorySegment block);
}

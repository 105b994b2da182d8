package io.vnvme.testkit.sim;

/** Which flushes a drive really does. */
@FunctionalInterface
public interface FlushHonesty {
    FlushHonesty ALWAYS = lastWriteOffset -> true;

    /**
     * @param lastWriteOffset where the write that the drive was asked for last begins, in bytes
     * @return whether the flush is done, not only answered
     */
    boolean honest(long lastWriteOffset);
}
